"""What pages of other rooms need to invite: form, limits, and the new link."""

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
    """What is shown once of a new invitation.

    `sent_to` is empty for a link to hand over, `replaced` says whether it ended an earlier one.
    """

    link: str = ""
    sent_to: str = ""
    replaced: bool = False


NOTHING_CREATED = CreatedInvitation()


def pop_created(place: str) -> CreatedInvitation:
    """Return the invitation that was just created on this page, once."""
    kept: list[Any] = cookie.pop(_COOKIE_KEY, None) or [""]
    if kept[0] != place:
        return CreatedInvitation()
    _place, token, sent_to, replaced = kept
    return CreatedInvitation(invitation_url(token), sent_to, replaced)


def page_context(made: CreatedInvitation, team_id: uuid.UUID | None) -> dict[str, Any]:
    """Return the context of a page of invitations to this team, or to none, without its form."""
    return {
        "link": made.link,
        "sent_to": made.sent_to,
        "replaced": made.replaced,
        "mails": transport.is_configured(),
        "invitations": list_open_invitations(db.session, team_id, now=now()),
    }


def count_invitation(form: InviteForm, inviter: uuid.UUID) -> int:
    """Count an invitation and return 0, or return the seconds to wait, with an error in the form.

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
    """Create an invitation and keep its link for the next page of `place`.

    Reloading that page creates no further one. The link is in the inviter's cookie; the server
    stores its hash. Raises as `actions.invite` does.
    """
    email = form.email.data or ""
    replaced = has_open_invitation(db.session, email, team.id if team else None)
    made, token = actions.invite(
        db.session, team=team, role=role, email=email, by=by, lives=form.lives, now=now()
    )
    cookie[_COOKIE_KEY] = [place, token, made.email, replaced]
