"""What invites, for the rooms above: its form, to a team or to the instance, and how often."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from flask import session as cookie
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from roadmap.accounts import invitations, limits, mail
from roadmap.accounts.forms import EmailAddress
from roadmap.accounts.letters import address_of
from roadmap.accounts.queries import email_key, open_invitations
from roadmap.accounts.trying import at_rest
from roadmap.core.database import db
from roadmap.core.text import one_line
from roadmap.core.web import now
from roadmap.people.models import Team

ROLE_CHOICES = (
    SelectChoice("member", _l("Member")),
    SelectChoice("manager", _l("Manager")),
)


_MADE = "invitation_made"


@dataclass(frozen=True, slots=True)
class Made:
    """What is shown once of a new invitation. `sent_to` is empty for a link to hand over,
    `replaced` says whether it ends an earlier one."""

    link: str = ""
    sent_to: str = ""
    replaced: bool = False


NOTHING_MADE = Made()


def made_at(place: str) -> Made:
    """The invitation that was made from this page just now; the page after has it no more."""
    kept: list[Any] = cookie.pop(_MADE, None) or [""]
    if kept[0] != place:
        return Made()
    _place, token, sent_to, replaced = kept
    return Made(address_of(token), sent_to, replaced)


def shown(made: Made, team_id: uuid.UUID | None) -> dict[str, Any]:
    """What a page of invitations to this team, or to none, is rendered with besides its form."""
    return {
        "link": made.link,
        "sent_to": made.sent_to,
        "replaced": made.replaced,
        "mails": mail.is_configured(),
        "invitations": open_invitations(db.session, team_id, now=now()),
    }


class InviteForm(FlaskForm):
    """Whom, and for how long. Without an address the link is for whoever comes first."""

    email = EmailField(
        _l("E-mail"),
        [Optional(), Length(max=320), EmailAddress()],
        filters=[one_line],
        render_kw={"autocomplete": "off", "maxlength": 320, "spellcheck": "false"},
    )
    days = SelectField(
        _l("Good for"),
        [InputRequired()],
        choices=[
            SelectChoice("2", _l("2 days")),
            SelectChoice("14", _l("14 days")),
            SelectChoice("60", _l("60 days")),
        ],
        default="14",
    )

    @property
    def lives(self) -> dt.timedelta:
        return dt.timedelta(days=int(self.days.data))


class TeamInviteForm(InviteForm):
    """The same to a team, in a role."""

    role = SelectField(_l("Role"), [InputRequired()], choices=list(ROLE_CHOICES), default="member")


def count(form: InviteForm, inviter: uuid.UUID) -> int:
    """Counts one invitation and answers 0, or says at the form how long to wait, in seconds.

    Ends the request's transaction; call it before anything is written.
    """
    at_rest()
    moment = now()
    wait = limits.count(
        limits.limits_of_inviting(inviter, email_key(form.email.data or "")), now=moment
    )
    if wait:
        form.email.errors = [
            ngettext(
                "Too many invitations in a short time. Wait one minute, then try again.",
                "Too many invitations in a short time. Wait %(num)s minutes, then try again.",
                -(-wait // 60),
            )
        ]
    return wait


def make(
    form: InviteForm, place: str, *, team: Team | None = None, role: str = "member", by: uuid.UUID
) -> None:
    """Makes an invitation, and keeps its link for the next page of `place`.

    So loading that page again makes no other one. The link travels in the cookie of whoever made
    it; the server keeps only its hash. Raises as `invitations.invite` does.
    """
    email = form.email.data or ""
    replaced = invitations.has_open(db.session, email, team.id if team else None)
    made, token = invitations.invite(
        db.session, team=team, role=role, email=email, by=by, lives=form.lives, now=now()
    )
    cookie[_MADE] = [place, token, made.email, replaced]
