"""Sign-in, sign-up for the first account, sign-out."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from roadmap.auth import (
    actions,
    passwords,
    preserved_form,
    queries,
    rate_limits,
    routes_password_reset,
    routes_reauthentication,
)
from roadmap.auth.blueprint import auth
from roadmap.auth.email_addresses import email_key
from roadmap.auth.forms import SignInForm, SignUpForm
from roadmap.auth.login_throttle import (
    check_password,
    end_transaction,
    read_only_session,
    too_many_requests,
)
from roadmap.auth.sessions import sign_in_user, sign_out, signed_in_actor
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, redirect_page, safe_redirect_target
from roadmap.people.audit import record_audit
from roadmap.people.models import User
from roadmap.people.permissions import permit

__all__ = ["auth", "routes_password_reset", "routes_reauthentication"]


@auth.get("/login")
@permit("public")
def login() -> Response:
    if signed_in_actor() is not None:
        return redirect(_next_page(), 303)
    return _sign_in_page(SignInForm())


@auth.post("/login")
@permit("public")
def sign_in() -> Response:
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 422)
    email, password = form.email.data or "", form.password.data or ""
    address = client_address()
    limit = rate_limits.attempt_limits("sign-in", account=email_key(email), address=address)
    tried = check_password(
        lambda session: queries.find_user_by_email(session, email),
        password,
        limit,
        what="session",
        target=email,
    )
    if tried.wait:
        return too_many_requests(_sign_in_page(form, wait=tried.wait), tried.wait)
    user = tried.person
    if user is None or user.password_hash is None:
        form.form_errors = [
            _("The e-mail address or the password is wrong. Check both, and try again.")
        ]
        return _sign_in_page(form, 422)
    old_hash = user.password_hash
    new_hash = passwords.hash_password(password) if passwords.needs_rehash(old_hash) else None
    if not queries.is_current_password_hash(db.session, user.id, old_hash):
        # Closed or changed while the hash was computed.
        return _sign_in_page(form, 422)
    if new_hash:
        actions.upgrade_password_hash(db.session, user.id, old_hash, new_hash)
    if tried.has_failures:
        rate_limits.clear_failures(db.session, limit)
    sign_in_user(db.session, user)
    return _redirect_after_sign_in(user)


@auth.get("/signup")
@permit("public")
def signup() -> Response:
    if signed_in_actor() is not None:
        return redirect("/", 303)
    if not _sign_up_is_open():
        return make_response(render_template("auth/signup_closed.html"))
    return make_response(render_template("auth/signup.html", form=SignUpForm()))


@auth.post("/signup")
@permit("public")
def sign_up() -> Response:
    if not _sign_up_is_open():
        return make_response(render_template("auth/signup_closed.html"), 403)
    form = SignUpForm()
    if not form.validate():
        return make_response(render_template("auth/signup.html", form=form), 422)
    end_transaction()
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
        return make_response(render_template("auth/signup_closed.html"), 403)
    sign_in_user(db.session, user)
    flash(_("Welcome. This is the first account, so you are the administrator."), "message")
    return redirect("/", 303)


@auth.get("/logout")
@permit("public")
def logout() -> Response:
    if signed_in_actor() is None:
        return redirect(url_for("auth.login"), 303)
    return make_response(render_template("auth/logout.html"))


@auth.route("/logout", methods=["POST", "DELETE"])
@permit("public")
def log_out() -> Response:
    actor = signed_in_actor()
    if actor is not None:
        record_audit(
            db.session,
            by=actor.id,
            action="session.ended",
            target=str(actor.session_id),
            address=client_address(),
            now=now(),
        )
    sign_out(db.session)
    flash(_("You are signed out."), "message")
    return redirect_page(safe_redirect_target(request.values.get("next"), url_for("auth.login")))


def _sign_in_page(form: SignInForm, status: int = 200, **more: Any) -> Response:
    target = _next_page()
    page = render_template(
        "auth/login.html",
        form=form,
        kept=preserved_form.from_form(request.form),
        next=target if target != "/" else None,
        **more,
    )
    return make_response(page, status)


def _next_page() -> str:
    return safe_redirect_target(request.values.get("next"), "/")


def _sign_up_is_open() -> bool:
    """Return whether there is no account yet and the operator allows to sign up."""
    if current_app.config["SIGNUP"] != "open":
        return False
    with read_only_session() as session:
        return not queries.any_user_exists(session)


def _redirect_after_sign_in(user: User) -> Response:
    """Redirect to the page that was asked for, or continue with the preserved form."""
    form = preserved_form.from_form(request.form)
    if form is None:
        return redirect(_next_page(), 303)
    if form.who and not form.belongs_to(str(user.id)):
        flash(
            _("The text entered here before belongs to someone else, so it was discarded."),
            "warning",
        )
        return redirect("/", 303)
    return make_response(render_template("auth/preserved_form.html", kept=form))
