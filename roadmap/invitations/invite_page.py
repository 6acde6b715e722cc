"""What invites, for the rooms above: its form, to a team or to the instance, and how often."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import session as cookie
from flask_babel import ngettext

from roadmap.auth import rate_limits
from roadmap.auth.email_addresses import email_key
from roadmap.auth.login_throttle import end_transaction
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.invitations import actions
from roadmap.invitations.emails import invitation_url
from roadmap.invitations.forms import InviteForm
from roadmap.invitations.queries import has_open_invitation, list_open_invitations
from roadmap.mail import transport
from roadmap.people.models import Team
from roadmap.people.roles import DEFAULT_ROLE

_COOKIE_KEY = "invitation_made"


@dataclass(frozen=True, slots=True)
class CreatedInvitation:
    """What is shown once of a new invitation. `sent_to` is empty for a link to hand over,
    `replaced` says whether it ends an earlier one."""

    link: str = ""
    sent_to: str = ""
    replaced: bool = False


NOTHING_CREATED = CreatedInvitation()


def pop_created(place: str) -> CreatedInvitation:
    """The invitation that was made from this page just now; the page after has it no more."""
    kept: list[Any] = cookie.pop(_COOKIE_KEY, None) or [""]
    if kept[0] != place:
        return CreatedInvitation()
    _place, token, sent_to, replaced = kept
    return CreatedInvitation(invitation_url(token), sent_to, replaced)


def page_context(made: CreatedInvitation, team_id: uuid.UUID | None) -> dict[str, Any]:
    """What a page of invitations to this team, or to none, is rendered with besides its form."""
    return {
        "link": made.link,
        "sent_to": made.sent_to,
        "replaced": made.replaced,
        "mails": transport.is_configured(),
        "invitations": list_open_invitations(db.session, team_id, now=now()),
    }


def count_invitation(form: InviteForm, inviter: uuid.UUID) -> int:
    """Counts one invitation and answers 0, or says at the form how long to wait, in seconds.

    Ends the request's transaction; call it before anything is written.
    """
    end_transaction()
    moment = now()
    wait = rate_limits.count_attempt(
        rate_limits.invitation_limits(inviter, email_key(form.email.data or "")), now=moment
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


def create_from_form(
    form: InviteForm,
    place: str,
    *,
    team: Team | None = None,
    role: str = DEFAULT_ROLE,
    by: uuid.UUID,
) -> None:
    """Makes an invitation, and keeps its link for the next page of `place`.

    So loading that page again makes no other one. The link travels in the cookie of whoever made
    it; the server keeps only its hash. Raises as `invitations.invite` does.
    """
    email = form.email.data or ""
    replaced = has_open_invitation(db.session, email, team.id if team else None)
    made, token = actions.invite(
        db.session, team=team, role=role, email=email, by=by, lives=form.lives, now=now()
    )
    cookie[_COOKIE_KEY] = [place, token, made.email, replaced]
