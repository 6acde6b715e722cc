"""An invitation: what it is to, and how one accepts it, with an account or without one.

The token stands in the address, so no answer here is a 403: that would write the address into the
audit log.
"""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from roadmap.accounts import actions, invitations, limits, passwords, queries
from roadmap.accounts.blueprint import accounts
from roadmap.accounts.forms import InvitedForm
from roadmap.accounts.invitations import UNKNOWN, VALID, Found
from roadmap.accounts.rules import masked
from roadmap.accounts.sessions import let_in, signed_in_actor
from roadmap.accounts.tokens import hash_token
from roadmap.accounts.trying import at_rest, note_seldom, reading, too_many
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, see_other
from roadmap.people.access import permit
from roadmap.people.actions import AccountClosed
from roadmap.people.actor import Actor


@accounts.get("/invitations/<token>")
@permit("public")
def invitation(token: str) -> Response:
    return _page(token)


@accounts.post("/invitations/<token>")
@permit("public")
def accept_invitation(token: str) -> Response:
    actor = signed_in_actor()
    at_rest()
    wait = limits.count(_limits(token), now=now())
    if wait:
        note_seldom("invitation.refused", by=actor.id if actor else None)
        return too_many(_dead_page(VALID, wait=wait), wait)
    return _join(token, actor) if actor is not None else _sign_up(token)


def _join(token: str, actor: Actor) -> Response:
    """Accepts for the person who is signed in."""
    found = invitations.look_up(db.session, token, now())
    if found.invitation is None or found.team is None:
        return _page(token, 409)
    held = invitations.role_in(db.session, found.team.id, actor.id)
    try:
        joined = invitations.accept(db.session, found.invitation, actor.id, now=now())
    except (invitations.InvitationDead, invitations.WrongAddress, AccountClosed):
        at_rest()
        return _page(token, 409)
    if joined and held is not None:
        # Another role ends all sessions of a person; this browser gets a new one.
        user = queries.person(db.session, actor.id)
        if user is not None:
            let_in(db.session, user)
    return _go_on(found, token)


def _sign_up(token: str) -> Response:
    """Makes an account for somebody who has none, and accepts with it."""
    with reading() as session:
        found = invitations.look_up(session, token, now())
        taken = _account_of(found)
    if found.state != VALID or found.invitation is None or taken:
        return _page(token, 409)
    bound_to = found.invitation.email
    form = InvitedForm(bound_to=bound_to)
    if not form.validate():
        return _page(token, 422, form=form)
    at_rest()
    password_hash = passwords.hash_password(form.password.data or "")
    try:
        user = actions.create_user(
            db.session,
            name=form.name.data or "",
            email=bound_to or form.email.data or "",
            password_hash=password_hash,
            by=None,
            address=client_address(),
            now=now(),
        )
        invitations.accept(db.session, found.invitation, user.id, now=now())
    except actions.EmailTaken:
        at_rest()
        if bound_to:
            return see_other("accounts.invitation", token=token)
        form.email.errors = [_("There is an account with this address already. Sign in with it.")]
        return _page(token, 422, form=form)
    except invitations.InvitationDead:
        at_rest()
        return _page(token, 409)
    let_in(db.session, user)
    return _go_on(found, token)


def _limits(token: str) -> list[limits.Limit]:
    return limits.limits_of("invitation", account=hash_token(token).hex(), address=client_address())


def _go_on(found: Found, token: str) -> Response:
    """To where one goes first: a manager to the team, everybody else to their dashboard."""
    # A whole office accepts from one address: only what failed is held against it.
    limits.take_back(db.session, _limits(token), now=now())
    if found.team is None or found.invitation is None:
        flash(_("Welcome. Your account is ready."), "message")
        return redirect("/", 303)
    flash(_("You are in the team %(team)s now.", team=found.team.name), "message")
    leads = found.invitation.role == "manager"
    return redirect(f"/teams/{found.team.slug}" if leads else "/", 303)


def _page(token: str, status: int = 200, form: InvitedForm | None = None) -> Response:
    """The page for whoever looks. `status` is that of a living invitation; a dead one has its own.

    What can be done there: `join`, `sign_up`, `sign_in`, or why nothing can: `closed` (the account
    of the address is), `wrong` (signed in with another address), `already` (nothing is left to do).
    """
    found = invitations.look_up(db.session, token, now())
    actor = signed_in_actor()
    if found.invitation is None:
        return _dead_page(UNKNOWN)
    if actor is not None and _is_done(found, actor):
        return _shown("already", found, status)
    if found.state != VALID:
        return _dead_page(found.state, by_name=found.by_name, to_team=found.team is not None)
    bound = found.invitation.email_key
    if actor is not None:
        wrong = bound and bound != queries.email_key(actor.email)
        address = masked(found.invitation.email) if wrong else ""
        return _shown("wrong" if wrong else "join", found, status, token=token, address=address)
    account = _account_of(found)
    if account:
        return _shown(account, found, status, token=token, address=found.invitation.email)
    form = form or InvitedForm(bound_to=found.invitation.email)
    return _shown("sign_up", found, status, token=token, form=form)


def _is_done(found: Found, actor: Actor) -> bool:
    """Whether this person has what the invitation would give."""
    if found.team is None or found.invitation is None:
        return True
    return invitations.has_role(db.session, found.team.id, actor.id, found.invitation.role)


def _account_of(found: Found) -> str:
    """`sign_in` or `closed` where the address that is invited has an account, else nothing."""
    if found.invitation is None or not found.invitation.email_key:
        return ""
    user = queries.by_email(db.session, found.invitation.email)
    if user is None:
        return ""
    return "sign_in" if user.deactivated_at is None else "closed"


def _shown(case: str, found: Found, status: int, **more: Any) -> Response:
    page = render_template("accounts/invitation.html", case=case, found=found, **more)
    return make_response(page, status)


def _dead_page(state: str, *, by_name: str = "", to_team: bool = True, wait: int = 0) -> Response:
    page = render_template(
        "accounts/invitation_dead.html", state=state, by_name=by_name, to_team=to_team, wait=wait
    )
    return make_response(page, 404 if state == UNKNOWN else 410)
