"""Invitation helpers for pages of other packages: form handling, limits and the new links."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import flash
from flask import session as cookie

from roadmap.auth import rate_limits
from roadmap.auth.email_addresses import email_key
from roadmap.auth.queries import find_sign_in_user_by_email
from roadmap.auth.tokens import form_token, new_token
from roadmap.core.database import db
from roadmap.core.i18n import _, ngettext
from roadmap.core.web import form_key, now
from roadmap.invitations import actions
from roadmap.invitations.addresses import Entry
from roadmap.invitations.emails import MAIL_SOURCE, invitation_url
from roadmap.invitations.forms import InviteForm, TeamInviteForm
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import list_open_invitations, load_invitations, select_open
from roadmap.mail import outbox, transport
from roadmap.people.models import Team
from roadmap.people.permissions import PermissionDenied
from roadmap.people.roles import DEFAULT_ROLE, ROLES

_COOKIE_KEY = "invitations_made"


@dataclass(frozen=True, slots=True)
class CreatedInvitation:
    """A new invitation. `link` is empty if it is mailed, `email` if it has no address.

    `is_replacement` is whether it ended an earlier one, and `is_unconfirmed` whether the address is
    the unconfirmed one of an account.
    """

    email: str
    link: str
    is_replacement: bool
    is_unconfirmed: bool


def pop_created_invitations(place: str) -> list[CreatedInvitation]:
    """Return once the invitations that were just created on this page."""
    kept_place, key, made = cookie.pop(_COOKIE_KEY, None) or ("", "", [])
    if kept_place != place:
        return []
    rows = load_invitations(db.session, [uuid.UUID(hex_id) for hex_id, *_flags in made])
    created = []
    for hex_id, is_replacement, is_unconfirmed in made:
        if row := rows.get(uuid.UUID(hex_id)):
            token = form_token(key, row.id, row.created_at)
            link = "" if row.is_mailed else invitation_url(token)
            created.append(CreatedInvitation(row.email, link, is_replacement, is_unconfirmed))
    return created


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


def check_guests(form: InviteForm, team: Team | None = None) -> bool:
    """Return whether every entered address needs an invitation, or add a form error."""
    role, faults = _chosen_role(form), []
    for entry in form.entries:
        try:
            actions.check_guest(
                db.session, entry.address, team.id if team else None, role, now=now()
            )
        except actions.InvitationRefused as refused:
            faults.append((entry, _refusal_message(refused, role)))
    if faults:
        form.email.errors = [form.describe_faults(faults)]
    return not faults


def count_invitations(form: InviteForm, inviter: uuid.UUID) -> int:
    """Count the invitations and return 0, or add a form error and return the seconds to wait.

    Ends the request's transaction, so call it before writing anything.
    """
    keys = [email_key(entry.address) for entry in form.entries] or [""]
    attempts = [rate_limits.invitation_limits(inviter, key) for key in keys]
    wait = rate_limits.count_attempt(*attempts, now=now())
    if wait:
        message = ngettext(
            "Too many invitations in a short time. Wait one minute, then try again.",
            "Too many invitations in a short time. Wait %(num)s minutes, then try again.",
            -(-wait // 60),
        )
        faults = [
            (entry, message)
            for entry, key in zip(form.entries, keys, strict=False)
            if rate_limits.check_limits(
                db.session, rate_limits.invited_address_limits(key), now=now()
            )
        ]
        form.email.errors = [form.describe_faults(faults) if faults else message]
    return wait


def create_from_form(
    form: InviteForm, place: str, *, team: Team | None = None, by: uuid.UUID
) -> bool:
    """Create all invitations of a form, or none: then add a form error and return False.

    The next page at `place` shows the links once, unless they are mailed. They are derived from the
    form's key, which only the inviter's cookie has, because the server only stores hashes. Raises
    PermissionDenied.
    """
    role = _chosen_role(form)
    # Some forms have no key, and a link needs one to be derived again.
    key = form_key() or new_token()[0]
    made = []
    try:
        with db.session.begin_nested():
            for entry in form.entries or [Entry(1, "")]:
                email = entry.address
                older = select_open(email_key(email), team.id if team else None)
                before = db.session.scalars(older).first() if email else None
                invitation, _token = actions.invite(
                    db.session, team=team, role=role, email=email, by=by, lifetime=form.lifetime,
                    now=now(), key=key,
                )  # fmt: skip
                made.append((invitation, before is not None and before is not invitation))
    except actions.InvitationRefused as refused:
        if refused.reason == "inviter":
            raise PermissionDenied from None
        form.email.errors = [form.describe_faults([(entry, _refusal_message(refused, role))])]
        return False
    cookie[_COOKIE_KEY] = [
        place,
        key,
        [
            [invitation.id.hex, is_replacement, _is_unconfirmed(invitation)]
            for invitation, is_replacement in made
        ],
    ]
    return True


def _chosen_role(form: InviteForm) -> str:
    return form.role.data if isinstance(form, TeamInviteForm) else DEFAULT_ROLE


def _is_unconfirmed(invitation: Invitation) -> bool:
    """Return whether the invited person can accept only after their address is confirmed."""
    if invitation.is_mailed or not invitation.email:
        # Using a mailed link confirms the address.
        return False
    account = find_sign_in_user_by_email(db.session, invitation.email)
    return account is not None and account.email_key is None


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
