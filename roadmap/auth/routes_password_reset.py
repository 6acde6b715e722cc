"""Reset a forgotten password: request a link, and use it."""

from __future__ import annotations

from flask import current_app, flash, make_response, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from roadmap.auth import actions, passwords, queries, rate_limits
from roadmap.auth.blueprint import auth
from roadmap.auth.email_addresses import email_key
from roadmap.auth.forms import ForgotPasswordForm, NewPasswordForm
from roadmap.auth.login_throttle import (
    audit_in_own_transaction,
    audit_refusal_throttled,
    end_transaction,
    read_only_session,
    too_many_requests,
)
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, see_other
from roadmap.mail import transport
from roadmap.people.permissions import permit


@auth.get("/password/forgot")
@permit("public")
def forgot_password() -> Response:
    return _render_forgot_page(ForgotPasswordForm())


@auth.post("/password/forgot")
@permit("public")
def request_password_link() -> Response:
    """Answer the same, in the same time, whether there is such an account or not."""
    form = ForgotPasswordForm()
    if not transport.is_configured():
        return _render_forgot_page(form)
    if not form.validate():
        return _render_forgot_page(form, 422)
    email, address = form.email.data or "", client_address()
    limit = rate_limits.attempt_limits("reset", account=email_key(email), address=address)
    end_transaction()
    wait = rate_limits.count_attempt(limit, now=now())
    if wait:
        audit_in_own_transaction("reset.refused", target=email)
        return too_many_requests(_render_forgot_page(form, wait=wait), wait)
    transport.run_in_background(send_password_link, email, address)
    return see_other("auth.password_link_sent")


@auth.get("/password/sent")
@permit("public")
def password_link_sent() -> Response:
    return make_response(render_template("auth/password_link_sent.html"))


@auth.get("/password/<token>")
@permit("public")
def set_password(token: str) -> Response:
    found = queries.find_password_link(db.session, token, now=now())
    if found is None:
        return _render_invalid_link()
    _link, user = found
    form = NewPasswordForm(person_name=user.name, person_email=user.email)
    return make_response(render_template("auth/set_password.html", form=form, whose=user))


@auth.post("/password/<token>")
@permit("public")
def save_password(token: str) -> Response:
    limit = rate_limits.attempt_limits("link", account="", address=client_address())
    end_transaction()
    wait = rate_limits.count_attempt(limit, now=now())
    if wait:
        audit_refusal_throttled("link.refused")
        page = make_response(render_template("auth/password_link_invalid.html", wait=wait))
        return too_many_requests(page, wait)
    with read_only_session() as session:
        found = queries.find_password_link(session, token, now=now())
    if found is None:
        return _render_invalid_link()
    link, user = found
    form = NewPasswordForm(person_name=user.name, person_email=user.email)
    if not form.validate():
        again = render_template("auth/set_password.html", form=form, whose=user)
        return make_response(again, 422)
    end_transaction()
    password_hash = passwords.hash_password(form.password.data or "")
    try:
        actions.use_password_link(
            db.session, link, password_hash, address=client_address(), now=now()
        )
    except actions.PasswordLinkUsed:
        return _render_invalid_link()
    flash(_("Your password is set. Sign in with it."), "message")
    return see_other("auth.login")


def send_password_link(email: str, address: str) -> None:
    """Mail a link to set a password to the person with this address, if any."""
    user = queries.find_user_by_email(db.session, email)
    if user is None or user.deactivated_at is not None:
        return
    # End the transaction but keep the object: two writers in one thread would wait for each
    # other.
    db.session.expunge(user)
    db.session.rollback()
    with db.own_transaction() as own:
        token = actions.create_password_link(own, user.id, by=user.id, address=address, now=now())
    base = current_app.config["BASE_URL"].rstrip("/")
    transport.send(
        user.email,
        _("Set a new password for Cairn"),
        _(
            "Hello %(name)s,\n\nsomeone, probably you, asked to set a new password for your "
            "account on Cairn.\nUse this link. It works once, within 24 hours:\n\n%(link)s\n\nIf "
            "it was not you, ignore this mail: your password stays as it is.\n",
            name=user.name,
            link=f"{base}/password/{token}",
        ),
    )


def _render_forgot_page(form: ForgotPasswordForm, status: int = 200, wait: int = 0) -> Response:
    page = render_template(
        "auth/forgot_password.html", form=form, mails=transport.is_configured(), wait=wait
    )
    return make_response(page, status)


def _render_invalid_link() -> Response:
    return make_response(render_template("auth/password_link_invalid.html", wait=0), 404)
