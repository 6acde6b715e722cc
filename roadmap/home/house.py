"""What an administrator sees first: who is here, and whether it is safe and kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.accounts import mail
from roadmap.admin.queries import Overview, overview
from roadmap.core.language import date_filter, ngettext, number_filter
from roadmap.core.language import gettext as _
from roadmap.people.actor import Actor

# A backup that is older than this is asked for again.
BACKUP_DAYS = 7
# The job process sends mail within seconds: what waits longer says that it does not run.
MAIL_WAITS = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to know of the instance: `calls` where somebody has to do something about it."""

    title: str
    href: str
    calls: bool = False
    how: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class House:
    """The part of the first page that is about the instance; `lines` name first what calls."""

    figures: Overview
    lines: tuple[Line, ...]

    @property
    def lede(self) -> str:
        calls = sum(line.calls for line in self.lines)
        if not calls:
            return _("Nothing here calls for you.")
        return ngettext(
            "%(num)d thing here calls for you.", "%(num)d things here call for you.", calls
        )


def house(session: Session, actor: Actor, now: dt.datetime) -> House | None:
    """For an administrator once somebody or something else is here; None for everybody else.

    One statement.
    """
    if not actor.is_admin:
        return None
    figures = overview(session, now=now)
    if figures.active + figures.deactivated < 2 and not figures.teams:
        return None
    lines = [_backup(figures, now), _administrators(figures), *_mail(figures, now)]
    return House(figures, tuple(sorted(lines, key=lambda line: not line.calls)))


def _backup(figures: Overview, now: dt.datetime) -> Line:
    command = "flask --app roadmap backup create FILE"
    if figures.backup_at is None:
        how = _("Make one, also while people work:")
        return Line(_("No backup yet"), "/admin#safe", calls=True, how=how, command=command)
    title = _("Last backup on %(day)s", day=date_filter(figures.backup_at))
    if (now.date() - figures.backup_at.date()).days > BACKUP_DAYS:
        how = _("Make one every night:")
        return Line(title, "/admin#safe", calls=True, how=how, command=command)
    return Line(title, "/admin#safe")


def _administrators(figures: Overview) -> Line:
    href = "/admin/people?show=administrators"
    if figures.administrators < 2:
        how = _("A second one can let you in again when you have lost your password.")
        return Line(_("One administrator"), href, calls=True, how=how)
    count = number_filter(figures.administrators)
    return Line(_("%(count)s administrators", count=count), href)


def _mail(figures: Overview, now: dt.datetime) -> list[Line]:
    """Whether mail can go out, and whether it does: the job process sends it."""
    href = "/admin#mail"
    lines = []
    if not mail.is_configured():
        how = _("Hand links on yourself, or configure it.")
        lines.append(Line(_("Mail is not configured"), href, calls=True, how=how))
    elif figures.mail_since is None:
        lines.append(Line(_("Mail is configured, and none waits"), href))
    elif now - figures.mail_since > MAIL_WAITS:
        how = _("The job process sends it. See that it runs:")
        lines.append(
            Line(
                _("Mail waits to be sent"),
                href,
                calls=True,
                how=how,
                command="flask --app roadmap jobs run",
            )
        )
    else:
        lines.append(Line(_("Mail is configured and on its way"), href))
    if figures.mail_given_up:
        title = ngettext(
            "%(num)d mail was given up", "%(num)d mails were given up", figures.mail_given_up
        )
        lines.append(Line(title, href, calls=True))
    return lines
