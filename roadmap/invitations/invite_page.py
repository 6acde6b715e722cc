"""Invitation helpers for pages of other packages: form handling, limits and the new link."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash
from flask import session as cookie

from roadmap.auth import rate_limits
from roadmap.auth.email_addresses import email_key
from roadmap.auth.queries import find_sign_in_user_by_email
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


def pop_created_invitation(place: str) -> dict[str, Any]:
    """Return once the template context of an invitation newly created on this page.

    `sent_to` is empty for a link that is not mailed. `replaced` is whether it ended an earlier one.
    """
    kept: list[Any] = cookie.pop(_COOKIE_KEY, None) or [""]
    if kept[0] != place:
        return {}
    _place, token, sent_to, replaced = kept
    return {"link": invitation_url(token), "sent_to": sent_to, "replaced": replaced}


def page_context(team_id: uuid.UUID | None) -> dict[str, Any]:
    """Return the context of a page with the invitations to this team, or all, without the form."""
    invitations = list_open_invitations(db.session, team_id)
    # Mail errors of invitations without an address would reveal addresses that others entered.
    ids = [row.id for row in invitations if row.email]
    return {
        "mails": transport.is_configured(),
        "now": now(),
        "invitations": invitations,
        "unsent": outbox.find_unsent(db.session, MAIL_SOURCE, ids),
    }


def revoke(invitation: Invitation | None, *, by: uuid.UUID) -> None:
    """Revoke an open invitation and flash a message."""
    if invitation is not None and actions.revoke(db.session, invitation, by=by, now=now()):
        flash(_("The invitation is revoked. Its link no longer works."))


def count_invitation(form: InviteForm, inviter: uuid.UUID) -> int:
    """Count an invitation and return 0, or add a form error and return the seconds to wait.

    Ends the request's transaction, so call it before writing anything.
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
    """Create an invitation, or add a form error and return False.

    The next page at `place` shows the link once, unless it is mailed. The link is stored in the
    inviter's cookie, and the server only stores its hash. Raises PermissionDenied.
    """
    email = form.email.data or ""
    role = form.role.data if isinstance(form, TeamInviteForm) else DEFAULT_ROLE
    older = select_open(email_key(email), team.id if team else None)
    before = db.session.scalars(older).first() if email else None
    try:
        made, token = actions.invite(
            db.session, team=team, role=role, email=email, by=by, lifetime=form.lifetime, now=now(),
            key=form_key(),
        )  # fmt: skip
    except actions.InvitationRefused as refused:
        if refused.reason == "inviter":
            raise PermissionDenied from None
        form.email.errors = [_refusal_message(refused, role)]
        return False
    replaced = before is not None and before is not made
    if made.is_mailed:
        # Only mail the link, because using it proves ownership of the address.
        flash(_("The invitation is being mailed to %(email)s.", email=made.email))
        if replaced:
            flash(_("The earlier link for this address no longer works."))
        return True
    account = find_sign_in_user_by_email(db.session, made.email) if made.email else None
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
