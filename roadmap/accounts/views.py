"""Coming in and going out: sign-in, sign-up for the first account, sign-out."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from roadmap.accounts import (
    actions,
    kept,
    limits,
    passwords,
    queries,
    views_account,
    views_invitations,
    views_password,
    views_sharing,
    views_tokens,
)
from roadmap.accounts.blueprint import accounts
from roadmap.accounts.forms import SignInForm, SignUpForm
from roadmap.accounts.sessions import let_in, sign_out, signed_in_actor
from roadmap.accounts.trying import at_rest, reading, too_many, try_password
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import go_to, now, safe_next
from roadmap.people.access import permit
from roadmap.people.models import User
from roadmap.people.records import audit

__all__ = [
    "accounts",
    "views_account",
    "views_invitations",
    "views_password",
    "views_sharing",
    "views_tokens",
]


@accounts.get("/login")
@permit("public")
def login() -> Response:
    if signed_in_actor() is not None:
        return redirect(_target(), 303)
    return _sign_in_page(SignInForm())


@accounts.post("/login")
@permit("public")
def sign_in() -> Response:
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 422)
    email, password = form.email.data or "", form.password.data or ""
    address = client_address()
    limit = limits.limits_of("sign-in", account=queries.email_key(email), address=address)
    tried = try_password(
        lambda session: queries.by_email(session, email),
        password,
        limit,
        what="session",
        target=email,
    )
    if tried.wait:
        return too_many(_sign_in_page(form, wait=tried.wait), tried.wait)
    user = tried.person
    if user is None or user.password_hash is None:
        form.form_errors = [
            _("This e-mail address and password do not belong together. Check both, and try again.")
        ]
        return _sign_in_page(form, 422)
    old_hash = user.password_hash
    new_hash = passwords.hash_password(password) if passwords.needs_rehash(old_hash) else None
    if not queries.still_opens(db.session, user.id, old_hash):
        # Closed or changed in the tenth of a second since.
        return _sign_in_page(form, 422)
    if new_hash:
        actions.rehash(db.session, user.id, old_hash, new_hash)
    if tried.slips:
        limits.forgive(db.session, limit)
    let_in(db.session, user)
    return _go_on(user)


@accounts.get("/signup")
@permit("public")
def signup() -> Response:
    if signed_in_actor() is not None:
        return redirect("/", 303)
    if not _sign_up_is_open():
        return make_response(render_template("accounts/signup_closed.html"))
    return make_response(render_template("accounts/signup.html", form=SignUpForm()))


@accounts.post("/signup")
@permit("public")
def sign_up() -> Response:
    if not _sign_up_is_open():
        return make_response(render_template("accounts/signup_closed.html"), 403)
    form = SignUpForm()
    if not form.validate():
        return make_response(render_template("accounts/signup.html", form=form), 422)
    at_rest()
    password_hash = passwords.hash_password(form.password.data or "")
    try:
        user = actions.sign_up(
            db.session,
            name=form.name.data or "",
            email=form.email.data or "",
            password_hash=password_hash,
            address=client_address(),
            now=now(),
        )
    except actions.SignUpClosed:
        return make_response(render_template("accounts/signup_closed.html"), 403)
    let_in(db.session, user)
    flash(_("Welcome. This is the first account, so you are the administrator."), "message")
    return redirect("/", 303)


@accounts.get("/logout")
@permit("public")
def logout() -> Response:
    if signed_in_actor() is None:
        return redirect(url_for("accounts.login"), 303)
    return make_response(render_template("accounts/logout.html"))


@accounts.route("/logout", methods=["POST", "DELETE"])
@permit("public")
def leave() -> Response:
    actor = signed_in_actor()
    if actor is not None:
        audit(
            db.session,
            by=actor.id,
            action="session.ended",
            target=str(actor.session_id),
            address=client_address(),
            now=now(),
        )
    sign_out(db.session)
    flash(_("You are signed out."), "message")
    return go_to(safe_next(request.values.get("next"), url_for("accounts.login")))


def _sign_in_page(form: SignInForm, status: int = 200, **more: Any) -> Response:
    target = _target()
    page = render_template(
        "accounts/login.html",
        form=form,
        kept=kept.from_form(request.form),
        next=target if target != "/" else None,
        **more,
    )
    return make_response(page, status)


def _target() -> str:
    return safe_next(request.values.get("next"), "/")


def _sign_up_is_open() -> bool:
    """Open for the first account only, and not even for that where the operator says so."""
    if current_app.config["SIGNUP"] != "open":
        return False
    with reading() as session:
        return not queries.anybody(session)


def _go_on(user: User) -> Response:
    """To where the person was going, or to what they had sent when their session had ended."""
    form = kept.from_form(request.form)
    if form is None:
        return redirect(_target(), 303)
    if form.who and not form.is_of(str(user.id)):
        flash(
            _("What was typed here before belongs to somebody else, so it was dropped."), "warning"
        )
        return redirect("/", 303)
    return make_response(render_template("accounts/kept.html", kept=form))
