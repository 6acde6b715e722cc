"""Sign-in, sign-up of the first account, sign-out, and password pages."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.auth import actions, passwords, preserved_form, queries, rate_limits
from roadmap.auth.devices import find_device, remember_device
from roadmap.auth.email_addresses import email_key
from roadmap.auth.forms import (
    ConfirmPasswordForm,
    EmailForm,
    FirstPasswordForm,
    NewPasswordForm,
    SignInForm,
    SignUpForm,
)
from roadmap.auth.login_throttle import (
    check_password,
    end_transaction,
    find_new_account,
    read_only_session,
    too_many_requests,
)
from roadmap.auth.reauthentication import check_own_password, render_confirm_page
from roadmap.auth.refusals import audit_refusal
from roadmap.auth.request_audit import audit_request
from roadmap.auth.sessions import (
    find_user_pending_deletion,
    sign_in_user,
    sign_out,
    signed_in_actor,
)
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.proxy import client_address
from roadmap.core.web import now, redirect_page, render_page, safe_redirect_target, see_other
from roadmap.mail import outbox, transport
from roadmap.people.models import User
from roadmap.people.permissions import permit

auth = Blueprint("auth", __name__)


@auth.get("/login")
@permit("public")
def login() -> Response:
    if signed_in_actor() is not None:
        return redirect(_next_page(), 303)
    if find_user_pending_deletion() is not None:
        return redirect("/account/return", 303)
    return _render_sign_in(SignInForm())


@auth.post("/login")
@permit("public")
def sign_in() -> Response:
    form = SignInForm()
    if not form.validate():
        return _render_sign_in(form, 422)
    email, password = form.email.data or "", form.password.data or ""
    address = client_address()
    with read_only_session() as session:
        known = queries.find_sign_in_user_by_email(session, email)
    device = find_device(known.id) if known else ""
    limits = (
        rate_limits.device_limits(device)
        if device
        else rate_limits.attempt_limits("sign-in", account=email_key(email), address=address)
    )
    tried = check_password(known, password, limits, what="session", target=email)
    if tried.wait:
        return too_many_requests(_render_sign_in(form, wait=tried.wait), tried.wait)
    user = tried.person
    if user is None or user.password_hash is None:
        form.form_errors = [
            _("Your account is deactivated. Ask your administrator to reactivate it.")
            if tried.is_closed
            else _("The e-mail address or the password is wrong. Check both, and try again.")
        ]
        return _render_sign_in(form, 422)
    old_hash = user.password_hash
    new_hash = passwords.hash_password(password) if passwords.needs_rehash(old_hash) else None
    current = queries.find_sign_in_user(db.session, user.id)
    if current is None or current.password_hash != old_hash:
        # The account was deactivated or changed during hashing.
        return _render_sign_in(form, 422)
    if new_hash:
        actions.upgrade_password_hash(db.session, user.id, old_hash, new_hash)
    rate_limits.clear_failures(db.session, limits)
    sign_in_user(user)
    if user.deactivated_at is not None:
        return redirect("/account/return", 303)
    preserved = preserved_form.from_form(request.form)
    if preserved is None:
        return redirect(_next_page(), 303)
    if preserved.signed_user_id and not preserved.is_submitted_by(str(user.id)):
        flash(
            _("The text entered here before belongs to someone else, so it was discarded."),
            "warning",
        )
        return redirect("/", 303)
    return render_page("auth/preserved_form.html", preserved=preserved)


@auth.get("/signup")
@permit("public")
def signup() -> Response:
    if signed_in_actor() is not None:
        return redirect("/", 303)
    if not _sign_up_is_open():
        return render_page("auth/signup_closed.html")
    return render_page("auth/signup.html", form=SignUpForm())


@auth.post("/signup")
@permit("public")
def sign_up() -> Response:
    """Create the first account, an administrator.

    The second of two concurrent sign-ups is refused, unless it is a resubmission of the first.
    """
    if signed_in_actor() is not None:
        return redirect("/", 303)
    form = SignUpForm()
    if not _sign_up_is_open():
        return _answer_resubmission(form)
    if not form.validate():
        return render_page("auth/signup.html", 422, form=form)
    end_transaction()
    password_hash = passwords.hash_password(form.password.data or "")
    if not actions.is_first_account(db.session):
        return _answer_resubmission(form)
    user = actions.create_user(
        db.session,
        name=form.name.data or "",
        email=form.email.data or "",
        password_hash=password_hash,
        is_admin=True,
        timezone=form.timezone.data,
        by=None,
        address=client_address(),
        now=now(),
    )
    return _welcome_administrator(user)


@auth.get("/logout")
@permit("public")
def logout() -> Response:
    if signed_in_actor() is None and find_user_pending_deletion() is None:
        return see_other("auth.login")
    return render_page("auth/logout.html")


@auth.route("/logout", methods=["POST", "DELETE"])
@permit("public")
def log_out() -> Response:
    actor = signed_in_actor()
    if actor is not None:
        audit_request(db.session, "session.ended", str(actor.session_id), actor.id)
    sign_out()
    flash(_("You are signed out."))
    return redirect_page(safe_redirect_target(request.values.get("next"), url_for("auth.login")))


@auth.get("/account/confirm")
@permit("account.write")
def confirm_password() -> Response:
    return render_confirm_page(ConfirmPasswordForm())


@auth.post("/account/confirm")
@permit("account.write")
def reauthenticate() -> Response:
    form, person = ConfirmPasswordForm(), current_user._get_current_object()
    render = partial(render_confirm_page, form)
    if not form.validate():
        return render(422)
    wrong = _("This is not your password.")
    refusal = check_own_password(person.id, form.password, wrong, render)
    if refusal is not None:
        return refusal
    actions.mark_session_fresh(db.session, person.session_id, now=now())
    preserved = preserved_form.from_form(request.form)
    if preserved is not None and preserved.is_submitted_by(str(person.id)):
        return render_page("auth/preserved_form.html", preserved=preserved)
    return redirect(safe_redirect_target(request.values.get("next"), "/account"), 303)


@auth.get("/password/forgot")
@permit("public")
def forgot_password() -> Response:
    return _render_forgot(EmailForm())


@auth.post("/password/forgot")
@permit("public")
def request_password_link() -> Response:
    """Give the same response in the same time whether or not the account exists."""
    form = EmailForm()
    if not transport.is_configured():
        return _render_forgot(form)
    if not form.validate():
        return _render_forgot(form, 422)
    email, address = form.email.data or "", client_address()
    limits = rate_limits.reset_limits(email_key(email), address)
    if wait := rate_limits.count_attempt(limits, now=now()):
        audit_refusal("reset.refused", email)
        return too_many_requests(_render_forgot(form, wait=wait), wait)
    transport.run_in_background(send_password_link, email, address)
    return see_other("auth.password_link_sent")


@auth.get("/password/sent")
@permit("public")
def password_link_sent() -> Response:
    if not transport.is_configured():
        # That page explains that mail is not set up.
        return _render_forgot(EmailForm())
    return render_page("auth/password_link_sent.html")


@auth.get("/password/<token>")
@permit("public")
def set_password(token: str) -> Response:
    found = queries.find_password_link(db.session, token, now=now())
    if found is None:
        return _render_invalid_link()
    _link, user = found
    return render_page("auth/set_password.html", form=_password_form(user), whose=user)


@auth.post("/password/<token>")
@permit("public")
def save_password(token: str) -> Response:
    limits = rate_limits.attempt_limits("link", address=client_address())
    if wait := rate_limits.count_attempt(limits, now=now()):
        audit_refusal("link.refused")
        return too_many_requests(_render_invalid_link(wait), wait)
    with read_only_session() as session:
        found = queries.find_password_link(session, token, now=now())
    if found is None:
        return _render_invalid_link()
    link, user = found
    form = _password_form(user)
    if not form.validate():
        return render_page("auth/set_password.html", 422, form=form, whose=user)
    end_transaction()
    password_hash = passwords.hash_password(form.password.data or "")
    try:
        actions.use_password_link(
            db.session,
            link,
            password_hash,
            timezone=form.timezone.data if isinstance(form, FirstPasswordForm) else "",
            address=client_address(),
            now=now(),
        )
    except actions.PasswordLinkUsed:
        return _render_invalid_link()
    # Failed attempts of others must not lock out the person who just used the link.
    remember_device(user.id)
    flash(_("Your password is set. Sign in with it."))
    return see_other("auth.login")


def send_password_link(email: str, address: str) -> None:
    """Mail a link to set a password to the person with this address, if any.

    Limited per hour. Only the newest link works.
    """
    user = queries.find_user_by_email(db.session, email)
    if user is None or user.deactivated_at is not None:
        return
    # End the transaction but keep the object, because two writers in one thread would deadlock.
    db.session.expunge(user)
    limits = rate_limits.reset_mail_limits(user.id)
    if rate_limits.count_attempt(limits, window=rate_limits.RESET_WINDOW, now=now()):
        return
    with db.own_transaction() as own:
        token = actions.create_password_link(own, user.id, by=user.id, address=address, now=now())
    base = current_app.config["BASE_URL"].rstrip("/")
    subject = _("Set a new password for Cairn")
    body = _(
        "Hello %(name)s,\n\n"
        "Someone, probably you, asked to reset the password of your account on Cairn.\n"
        "This link works once, within 24 hours:\n\n"
        "%(link)s\n\n"
        "If it was not you, ignore this mail: your password does not change.\n",
        name=user.name,
        link=f"{base}/password/{token}",
    )
    try:
        transport.send(user.email, subject, body)
    except Exception as error:  # administrators see any error in the list of failed mail
        outbox.record_failed_send(user.id, user.email, subject, error, now=now())
        raise


def _password_form(user: User) -> NewPasswordForm:
    form = NewPasswordForm if user.password_hash else FirstPasswordForm
    return form(person_name=user.name, person_email=user.email)


def _render_sign_in(form: SignInForm, status: int = 200, **more: Any) -> Response:
    preserved = preserved_form.from_form(request.form)
    target = _next_page()
    page_after = target if target != "/" else None
    return render_page(
        "auth/login.html", status, form=form, preserved=preserved, next=page_after, **more
    )


def _render_forgot(form: EmailForm, status: int = 200, wait: int = 0) -> Response:
    mails = transport.is_configured()
    return render_page("auth/forgot_password.html", status, form=form, mails=mails, wait=wait)


def _render_invalid_link(wait: int = 0) -> Response:
    return render_page("auth/password_link_invalid.html", 404, wait=wait)


def _next_page() -> str:
    return safe_redirect_target(request.values.get("next"), "/")


def _sign_up_is_open() -> bool:
    """Return whether there is no account yet and the operator allows sign-up."""
    if current_app.config["SIGNUP"] != "open":
        return False
    with read_only_session() as session:
        return not queries.any_user_exists(session)


def _answer_resubmission(form: SignUpForm) -> Response:
    """Return the first response for a resubmitted form; refuse all others."""
    user = None
    if form.validate():
        user = find_new_account(form.email.data or "", form.password.data or "")
    if user is None:
        return render_page("auth/signup_closed.html", 403)
    return _welcome_administrator(user)


def _welcome_administrator(user: User) -> Response:
    sign_in_user(user)
    flash(_("Welcome. This is the first account, so you are the administrator."))
    return redirect("/", 303)
