"""A forgotten password: the request for a link, and the link."""

from __future__ import annotations

from flask import current_app, flash, make_response, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from roadmap.accounts import actions, limits, mail, passwords, queries
from roadmap.accounts.blueprint import accounts
from roadmap.accounts.forms import ForgotForm, NewPasswordForm
from roadmap.accounts.trying import at_rest, note_in_own, note_seldom, reading, too_many
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, see_other
from roadmap.people.access import permit


@accounts.get("/password/forgot")
@permit("public")
def forgot() -> Response:
    return _forgot_page(ForgotForm())


@accounts.post("/password/forgot")
@permit("public")
def ask_for_link() -> Response:
    """Answers the same, in the same time, whether there is such an account or not."""
    form = ForgotForm()
    if not mail.is_configured():
        return _forgot_page(form)
    if not form.validate():
        return _forgot_page(form, 422)
    email, address = form.email.data or "", client_address()
    limit = limits.limits_of("reset", account=queries.email_key(email), address=address)
    at_rest()
    wait = limits.count(limit, now=now())
    if wait:
        note_in_own("reset.refused", target=email)
        return too_many(_forgot_page(form, wait=wait), wait)
    mail.later(send_link, email, address)
    return see_other("accounts.link_sent")


@accounts.get("/password/sent")
@permit("public")
def link_sent() -> Response:
    return make_response(render_template("accounts/link_sent.html"))


@accounts.get("/password/<token>")
@permit("public")
def set_password(token: str) -> Response:
    found = queries.open_link(db.session, token, now=now())
    if found is None:
        return _dead_link()
    _link, user = found
    form = NewPasswordForm(person_name=user.name, person_email=user.email)
    return make_response(render_template("accounts/set_password.html", form=form, whose=user))


@accounts.post("/password/<token>")
@permit("public")
def save_password(token: str) -> Response:
    limit = limits.limits_of("link", account="", address=client_address())
    at_rest()
    wait = limits.count(limit, now=now())
    if wait:
        note_seldom("link.refused")
        page = make_response(render_template("accounts/dead_link.html", wait=wait))
        return too_many(page, wait)
    with reading() as session:
        found = queries.open_link(session, token, now=now())
    if found is None:
        return _dead_link()
    link, user = found
    form = NewPasswordForm(person_name=user.name, person_email=user.email)
    if not form.validate():
        again = render_template("accounts/set_password.html", form=form, whose=user)
        return make_response(again, 422)
    at_rest()
    password_hash = passwords.hash_password(form.password.data or "")
    try:
        actions.use_link(db.session, link, password_hash, address=client_address(), now=now())
    except actions.LinkUsed:
        return _dead_link()
    flash(_("Your password is set. Sign in with it."), "message")
    return see_other("accounts.login")


def send_link(email: str, address: str) -> None:
    """Mails a link to set a password to the person of this address, where there is one."""
    user = queries.by_email(db.session, email)
    if user is None or user.deactivated_at is not None:
        return
    # What was read stays readable, and its transaction ends: two writers in one thread would wait
    # for each other.
    db.session.expunge(user)
    db.session.rollback()
    with db.own_transaction() as own:
        token = actions.make_link(own, user.id, by=user.id, address=address, now=now())
    base = current_app.config["BASE_URL"].rstrip("/")
    mail.send(
        user.email,
        _("Set a new password for Cairn"),
        _(
            "Hello %(name)s,\n\n"
            "somebody, probably you, asked to set a new password for your account on Cairn.\n"
            "This link does it. It works once, and for 24 hours:\n\n"
            "%(link)s\n\n"
            "If it was not you, ignore this mail: your password stays as it is.\n",
            name=user.name,
            link=f"{base}/password/{token}",
        ),
    )


def _forgot_page(form: ForgotForm, status: int = 200, wait: int = 0) -> Response:
    page = render_template("accounts/forgot.html", form=form, mails=mail.is_configured(), wait=wait)
    return make_response(page, status)


def _dead_link() -> Response:
    return make_response(render_template("accounts/dead_link.html", wait=0), 404)
