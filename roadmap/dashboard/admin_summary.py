"""The dashboard section for administrators: size, security and backups of the installation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from roadmap.admin.queries import load_overview
from roadmap.core.i18n import _, date_filter, ngettext, number_filter
from roadmap.mail import transport
from roadmap.people.actor import Actor

# An administrator is reminded of a backup after this many days.
BACKUP_DAYS = 7
# Mail is normally sent within seconds; if it waits longer, the job process is not running.
MAIL_DELAY = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class InstanceCheck:
    """A check of this installation; `needs_action` if an administrator should do something."""

    title: str
    href: str
    needs_action: bool = False
    how: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class AdminSummary:
    """The figures of this installation and its checks, failed ones first."""

    figures: Any
    checks: list[InstanceCheck]

    @property
    def lede(self) -> str:
        count = sum(check.needs_action for check in self.checks)
        if not count:
            return _("Nothing needs your attention.")
        return ngettext(
            "%(num)d thing needs your attention.", "%(num)d things need your attention.", count
        )


def load_admin_summary(session: Session, actor: Actor, now: dt.datetime) -> AdminSummary | None:
    """Load the summary in one statement; None for non-administrators or a single user."""
    if not actor.is_admin:
        return None
    figures = load_overview(session, now=now)
    if figures.active + figures.deactivated < 2 and not figures.teams:
        return None
    checks = [
        _check_backup(figures, now),
        _check_administrators(figures),
        *_check_teams(figures),
        *_check_addresses(figures),
        *_check_mail(figures, now),
    ]
    return AdminSummary(figures, sorted(checks, key=lambda check: not check.needs_action))


def _check_backup(figures: Any, now: dt.datetime) -> InstanceCheck:
    href, command = "/admin#safe", ".venv/bin/flask --app roadmap backup create FILE"
    if figures.backup_at is None:
        title, how = _("No backup yet"), _("You can create one while people are working:")
    else:
        title = _("Last backup on %(day)s", day=date_filter(figures.backup_at))
        if (now.date() - figures.backup_at.date()).days <= BACKUP_DAYS:
            return InstanceCheck(title, href)
        how = _("Create one every night:")
    return InstanceCheck(title, href, needs_action=True, how=how, command=command)


def _check_administrators(figures: Any) -> InstanceCheck:
    href = "/admin/people?show=administrators"
    if figures.administrators < 2:
        how = _("A second one can let you back in if you lose your password.")
        return InstanceCheck(_("One administrator"), href, needs_action=True, how=how)
    count = number_filter(figures.administrators)
    if figures.administrators_able < 2:
        able = number_filter(figures.administrators_able)
        title = _("%(able)s of %(count)s administrators can sign in", able=able, count=count)
        how = _("The others have no password yet. Create a password link for one of them.")
        return InstanceCheck(title, href, needs_action=True, how=how)
    return InstanceCheck(_("%(count)s administrators", count=count), href)


def _check_teams(figures: Any) -> Iterator[InstanceCheck]:
    """Check for teams with members but no manager."""
    if figures.unmanaged:
        title = ngettext(
            "%(num)d team without a manager", "%(num)d teams without a manager", figures.unmanaged
        )
        how = _("What its members submit is not reviewed until you appoint someone.")
        yield InstanceCheck(title, "/admin/teams", needs_action=True, how=how)


def _check_addresses(figures: Any) -> Iterator[InstanceCheck]:
    """Check for e-mail addresses that an administrator must confirm, as no mail can be sent."""
    if figures.unconfirmed and not transport.is_configured():
        title = ngettext(
            "%(num)d e-mail address to confirm",
            "%(num)d e-mail addresses to confirm",
            figures.unconfirmed,
        )
        how = _("Until then it cannot be used to find, invite or add anyone.")
        yield InstanceCheck(title, "/admin/people?show=unconfirmed", needs_action=True, how=how)


def _check_mail(figures: Any, now: dt.datetime) -> Iterator[InstanceCheck]:
    """Check that mail is configured and that the job process sends it."""
    href = "/admin#mail"
    if not transport.is_configured():
        how = _("Pass links on yourself, or configure mail.")
        yield InstanceCheck(_("Mail is not configured"), href, needs_action=True, how=how)
    elif figures.mail_since is None:
        yield InstanceCheck(_("Mail is configured, and none is waiting"), href)
    elif figures.mail_retry_error:
        title = _("The mail server did not accept a mail; Cairn will try again")
        how = _(
            "%(error)s. Once it works again, this sends the waiting mail immediately:",
            error=figures.mail_retry_error,
        )
        command = ".venv/bin/flask --app roadmap jobs run --once --now"
        yield InstanceCheck(title, href, needs_action=True, how=how, command=command)
    elif now - figures.mail_since > MAIL_DELAY:
        title = _("Mail is waiting to be sent")
        how = _("The job process sends it. Check that it runs:")
        command = ".venv/bin/flask --app roadmap jobs run"
        yield InstanceCheck(title, href, needs_action=True, how=how, command=command)
    else:
        yield InstanceCheck(_("Mail is configured and on its way"), href)
    if figures.mail_given_up:
        title = ngettext(
            "%(num)d mail could not be sent",
            "%(num)d mails could not be sent",
            figures.mail_given_up,
        )
        yield InstanceCheck(title, href, needs_action=True)
