"""Show and accept invitations, by token or (for the confirmed address of the user) by id.

Routes with a token never respond with 403, because that would write the URL to the audit log.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.auth import actions as auth_actions
from roadmap.auth import passwords, queries, rate_limits
from roadmap.auth.email_addresses import email_key, mask_email
from roadmap.auth.email_confirmation import find_link_state, request_email
from roadmap.auth.forms import EmailForm
from roadmap.auth.login_throttle import (
    end_transaction,
    find_new_account,
    read_only_session,
    too_many_requests,
)
from roadmap.auth.refusals import audit_refusal
from roadmap.auth.sessions import sign_in_user, signed_in_actor
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.proxy import client_address
from roadmap.core.web import now, render_page, see_other
from roadmap.invitations import actions
from roadmap.invitations.emails import read_signed_email, render_address_mail
from roadmap.invitations.forms import AcceptInvitationForm
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import (
    UNKNOWN,
    VALID,
    find_by_token,
    find_received,
    invitation_state,
)
from roadmap.mail import outbox, transport
from roadmap.people.actions import AccountDeactivated
from roadmap.people.actor import Actor
from roadmap.people.permissions import permit
from roadmap.people.queries import find_role, is_administrator, other_teams
from roadmap.people.roles import ROLES, Capability, is_at_least

invitations = Blueprint("invitations", __name__)


@invitations.get("/invitations/<token>")
@permit("public")
def show_invitation(token: str) -> Response:
    return _render_page(_find(token), token)


@invitations.post("/invitations/<token>")
@permit("public")
def accept_invitation(token: str) -> Response:
    actor = signed_in_actor()
    limits = rate_limits.token_limits("invitation", token)
    if wait := rate_limits.count_attempt(limits, now=now()):
        audit_refusal("invitation.refused", by=actor.id if actor else None)
        return too_many_requests(_render_invalid(VALID, wait=wait), wait)
    if actor is None:
        return _sign_up(token)
    if (accepted := _join(_find(token), actor, token)) is None:
        end_transaction()
        return _render_page(_find(token), token, 409)
    return accepted


@invitations.get("/invitations/received/<uuid:invitation_id>")
@permit("account.read")
def show_received(invitation_id: uuid.UUID) -> Response:
    """Show an invitation to the confirmed address of the signed-in person."""
    return _render_page(_find_received(invitation_id))


@invitations.post("/invitations/received/<uuid:invitation_id>")
@permit("account.write")
def accept_received(invitation_id: uuid.UUID) -> Response:
    if (accepted := _join(_find_received(invitation_id), current_user)) is None:
        end_transaction()
        return _render_page(_find_received(invitation_id), status=409)
    return accepted


@invitations.delete("/invitations/received/<uuid:invitation_id>")
@permit("account.write")
def decline_received(invitation_id: uuid.UUID) -> Response:
    invitation = _find_received(invitation_id)
    if actions.decline(db.session, invitation, current_user.id, now=now()):
        team = invitation.team
        flash(_("You declined the invitation to %(team)s.", team=team.name if team else "Cairn"))
    return see_other("teams.index")


def _find(token: str) -> Invitation:
    return find_by_token(db.session, token) or abort(_render_invalid(UNKNOWN))


def _find_received(invitation_id: uuid.UUID) -> Invitation:
    return find_received(db.session, invitation_id, current_user.email_key) or abort(404)


def _join(invitation: Invitation, actor: Actor, token: str = "") -> Response | None:
    """Accept the invitation for the signed-in person; return None if they cannot."""
    if invitation.accepted_by == actor.id:
        return _redirect_after_accepting(invitation, token)
    if invitation.team is None:
        return None
    current_role = find_role(db.session, invitation.team.id, actor.id)
    try:
        joined = actions.accept(db.session, invitation, actor.id, now=now())
    except (actions.InvitationInvalid, actions.WrongAddress, AccountDeactivated):
        return None
    if joined and current_role is not None:
        # A role change ends all sessions; start a new one here, with the old sign-in times.
        user = queries.find_user(db.session, actor.id)
        if user is not None:
            sign_in_user(user, renews=actor)
    return _redirect_after_accepting(invitation, token)


def _sign_up(token: str) -> Response:
    """Create an account and accept the invitation, only once if the form is resubmitted."""
    with read_only_session():
        invitation = _find(token)
        is_valid = invitation_state(db.session, invitation, now()) == VALID
        taken = _account_state(invitation)
        is_confirmed = _is_confirmed(invitation)
    invited_email = _invited_email(invitation)
    if is_valid and _needs_email(invitation):
        return _mail_link(invitation, token)
    form = AcceptInvitationForm(invited_email=invited_email)
    if not is_valid or taken:
        return _answer_resubmission(token, form) or _render_page(_find(token), token, 409)
    if not form.validate():
        return _render_page(_find(token), token, 422, form=form)
    end_transaction()
    password_hash = passwords.hash_password(form.password.data or "")
    try:
        user = auth_actions.create_user(
            db.session,
            name=form.name.data or "",
            email=invited_email or form.email.data or "",
            password_hash=password_hash,
            timezone=form.timezone.data,
            is_confirmed=is_confirmed,
            by=None,
            address=client_address(),
            now=now(),
        )
        if not is_confirmed:
            request_email(db.session, user.id, user.email, by=user.id, now=now())
        actions.accept(db.session, invitation, user.id, is_new=True, now=now())
    except auth_actions.EmailTaken:
        end_transaction()
        if again := _answer_resubmission(token, form):
            return again
        if invited_email:
            return see_other("invitations.show_invitation", token=token)
        form.email.errors = [_("An account with this address already exists. Sign in with it.")]
        return _render_page(_find(token), token, 422, form=form)
    except actions.InvitationInvalid:
        end_transaction()
        return _render_page(_find(token), token, 409)
    sign_in_user(user)
    return _redirect_after_accepting(invitation, token)


def _mail_link(invitation: Invitation, token: str) -> Response:
    """Mail a link to the entered address, without revealing whether an account has it."""
    form = EmailForm()
    if not form.validate():
        return _render_page(_find(token), token, 422, form=form)
    email = form.email.data or ""
    limits = rate_limits.confirmation_limits(invitation.id, email_key(email))
    if wait := rate_limits.count_attempt(limits, now=now()):
        return too_many_requests(_render_invalid(VALID, wait=wait), wait)
    outbox.enqueue(db.session, render_address_mail(invitation, email, token), now=now())
    flash(_("A link is being mailed to %(email)s. Open it to continue.", email=email))
    return see_other("invitations.show_invitation", token=token)


def _answer_resubmission(token: str, form: AcceptInvitationForm) -> Response | None:
    """Return the first response for a resubmitted form; None for any other form."""
    with read_only_session():
        invitation = _find(token)
    if invitation.accepted_by is None or not form.validate():
        return None
    email = _invited_email(invitation) or form.email.data or ""
    user = find_new_account(email, form.password.data or "")
    if user is None or user.id != invitation.accepted_by:
        return None
    sign_in_user(user)
    return _redirect_after_accepting(invitation, token)


def _redirect_after_accepting(invitation: Invitation, token: str) -> Response:
    """Redirect managers to the team, and others to the dashboard."""
    if token:
        # Only count failures, because a whole office may share an address.
        rate_limits.uncount_attempt(db.session, rate_limits.token_limits("invitation", token))
    team = invitation.team
    if team is None:
        flash(_("Welcome. Your account is ready."))
        return redirect("/", 303)
    message = _("You are now in the team %(team)s.", team=team.name)
    actor = signed_in_actor()
    if actor and (others := other_teams(db.session, actor.id, team)):
        message = f"{message} {_('You are still in %(others)s, too.', others=others)}"
    flash(message)
    sees_team = ROLES[invitation.role].allows(Capability.SEE_SHARED)
    return redirect(f"/teams/{team.slug}" if sees_team else "/", 303)


def _render_page(
    invitation: Invitation,
    token: str = "",
    status: int = 200,
    form: AcceptInvitationForm | EmailForm | None = None,
) -> Response:
    """Render the page of an invitation; invalid ones have a separate page and status.

    The page offers to `join`, `sign_up` or `sign_in`, asks for an `address` to verify, or explains
    why the invitation cannot be accepted: `closed` (the account is deactivated), `wrong` (signed in
    with another address), `already` (nothing to do) or `unconfirmed` (their address is not
    confirmed).
    """
    actor, team = signed_in_actor(), invitation.team
    state = invitation_state(db.session, invitation, now())
    is_done = actor is not None and (
        team is None or is_at_least(find_role(db.session, team.id, actor.id), invitation.role)
    )
    address, link_state = _invited_email(invitation), ""
    if is_done:
        case = "already"
    elif state != VALID:
        inviter_name = invitation.inviter_name
        return _render_invalid(state, inviter_name=inviter_name, to_team=team is not None)
    elif actor is None:
        case = "address" if _needs_email(invitation) else _account_state(invitation) or "sign_up"
        form = form or (
            EmailForm() if case == "address" else AcceptInvitationForm(invited_email=address)
        )
    elif invitation.email_key in ("", actor.email_key):
        case = "join"
    elif actor.email_key is None:
        case = "unconfirmed"
        pending = queries.find_pending_email(db.session, actor.id)
        link_state, _error = find_link_state(db.session, pending, now=now())
    else:
        case, address = "wrong", mask_email(address)
    return render_page(
        "invitations/invitation.html",
        status,
        case=case,
        invitation=invitation,
        role=ROLES[invitation.role],
        token=token,
        address=address,
        proof=_email_proof() if address and not invitation.email else "",
        mails=transport.is_configured(),
        link_state=link_state,
        form=form,
    )


def _account_state(invitation: Invitation) -> str:
    """Return `sign_in` or `closed` if the invited address has an account, else ""."""
    email = _invited_email(invitation)
    if not email:
        return ""
    # An account with this address unconfirmed must not block its verified owner.
    find = (
        queries.find_user_by_email
        if _is_confirmed(invitation)
        else queries.find_sign_in_user_by_email
    )
    user = find(db.session, email)
    if user is None:
        return ""
    return "sign_in" if user.deactivated_at is None else "closed"


def _email_proof() -> str:
    return request.values.get("address", "")


def _invited_email(invitation: Invitation) -> str:
    """Return the address for a new account by this invitation; "" if it must be entered."""
    return invitation.email or read_signed_email(invitation, _email_proof())


def _needs_email(invitation: Invitation) -> bool:
    """Return whether an address must be verified first, which requires mail."""
    return transport.is_configured() and not _invited_email(invitation)


def _is_confirmed(invitation: Invitation) -> bool:
    """Return whether the person with the link is known to own the invited address.

    Without mail, an administrator confirms the address by naming it. A manager does not.
    """
    if not _invited_email(invitation):
        return False
    if not invitation.email:
        return True
    if invitation.is_mailed or transport.is_configured():
        return invitation.is_mailed
    inviter = invitation.created_by
    return inviter is not None and is_administrator(db.session, inviter)


def _render_invalid(state: str, **context: Any) -> Response:
    status = 404 if state == UNKNOWN else 410
    return render_page("invitations/invitation_invalid.html", status, state=state, **context)
