"""What pages of other rooms need to invite: form, limits, and the new link."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash
from flask import session as cookie

from roadmap.auth import rate_limits
from roadmap.auth.email_addresses import email_key
from roadmap.auth.queries import find_user_to_sign_in
from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import ngettext
from roadmap.core.web import form_key, now
from roadmap.invitations import actions
from roadmap.invitations.emails import MAIL_SOURCE, invitation_url
from roadmap.invitations.forms import InviteForm, TeamInviteForm
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import list_open_invitations, select_open
from roadmap.mail import outbox, transport
from roadmap.people.models import Team
from roadmap.people.permissions import PermissionDenied
from roadmap.people.roles import DEFAULT_ROLE, ROLES

_COOKIE_KEY = "invitation_made"


def pop_created(place: str) -> dict[str, Any]:
    """Return the context of the invitation that was just created on this page, once.

    `sent_to` is empty for a link to hand over, `replaced` says whether it ended an earlier one.
    """
    kept: list[Any] = cookie.pop(_COOKIE_KEY, None) or [""]
    if kept[0] != place:
        return {}
    _place, token, sent_to, replaced = kept
    return {"link": invitation_url(token), "sent_to": sent_to, "replaced": replaced}


def page_context(team_id: uuid.UUID | None) -> dict[str, Any]:
    """Return the context of a page of invitations to this team, or to all, without its form."""
    invitations = list_open_invitations(db.session, team_id)
    # What somebody typed to whom a link for anyone was passed on is theirs.
    ids = [row.id for row in invitations if row.email]
    return {
        "mails": transport.is_configured(),
        "now": now(),
        "invitations": invitations,
        "unsent": outbox.find_unsent(db.session, MAIL_SOURCE, ids),
    }


def revoke(invitation: Invitation | None, *, by: uuid.UUID) -> None:
    """Revoke an invitation that can still be used, and say so."""
    if invitation is not None and actions.revoke(db.session, invitation, by=by, now=now()):
        flash(_("The invitation is revoked. Its link no longer works."))


def count_invitation(form: InviteForm, inviter: uuid.UUID) -> int:
    """Count an invitation and return 0, or return the seconds to wait, with an error in the form.

    Ends the request's transaction; call it before anything is written.
    """
    limits = rate_limits.invitation_limits(inviter, email_key(form.email.data or ""))
    wait = rate_limits.count_attempt(limits, now=now())
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
    form: InviteForm, place: str, *, team: Team | None = None, by: uuid.UUID
) -> bool:
    """Create an invitation; return False with an error in the form where it cannot be created.

    The next page of `place` shows its link once, unless it is mailed. The link is in the inviter's
    cookie; the server stores its hash. Raise PermissionDenied.
    """
    email = form.email.data or ""
    role = form.role.data if isinstance(form, TeamInviteForm) else DEFAULT_ROLE
    older = select_open(email_key(email), team.id if team else None)
    before = db.session.scalars(older).first() if email else None
    try:
        made, token = actions.invite(
            db.session, team=team, role=role, email=email, by=by, lives=form.lives, now=now(),
            key=form_key(),
        )  # fmt: skip
    except actions.InvitationRefused as refused:
        if refused.reason == "inviter":
            raise PermissionDenied from None
        form.email.errors = [_refusal_message(refused, role)]
        return False
    replaced = before is not None and before is not made
    if made.is_mailed:
        # Only the owner of the address gets the link: who has it counts as its owner.
        flash(_("The invitation is being mailed to %(email)s.", email=made.email))
        if replaced:
            flash(_("The earlier link for this address stops working."))
        return True
    account = find_user_to_sign_in(db.session, made.email) if made.email else None
    if account is not None and account.email_key is None:
        flash(
            _(
                "%(email)s is in use by an account, but not confirmed: the invitation can be "
                "accepted once an administrator confirms that address.",
                email=made.email,
            )
        )
    cookie[_COOKIE_KEY] = [place, token, made.email, replaced]
    return True


def _refusal_message(refused: actions.InvitationRefused, role: str) -> str:
    if refused.reason == "account":
        return _("An account with this address already exists.")
    if refused.reason == "member":
        return _("They are already in the team, in this role or a higher one.")
    return _(
        "They are already invited as %(invited)s. To invite them as %(role)s, "
        "revoke that invitation first.",
        invited=ROLES[refused.role].noun_with_article,
        role=ROLES[role].noun_with_article,
    )
