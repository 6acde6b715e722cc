"""The account page: profile, appearance, sessions, and the password."""

from __future__ import annotations

import uuid

from flask import flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.account import routes_sharing, routes_tokens
from roadmap.account.actions import change_profile, set_wants_mail
from roadmap.account.blueprint import account
from roadmap.account.forms import ChangeEmailForm, ChangePasswordForm, ProfileForm
from roadmap.account.queries import load_sharing, wants_mail
from roadmap.account.user_agents import SignedInBrowser, parse_user_agent
from roadmap.auth import actions, passwords, queries
from roadmap.auth.login_throttle import end_transaction, too_many_requests
from roadmap.auth.models import LoginSession
from roadmap.auth.reauthentication import (
    check_own_password,
    fresh_login_required,
)
from roadmap.auth.sessions import begin_session, sign_out
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, see_other
from roadmap.mail import outbox, transport
from roadmap.people import permissions
from roadmap.people.audit import record_audit
from roadmap.people.permissions import permit
from roadmap.people.rules import EditConflict

__all__ = ["account", "routes_sharing", "routes_tokens"]

PROFILE_FIELDS = ("name", "timezone", "theme", "locale")


@account.get("/account")
@permit("account.read")
def show_account() -> Response:
    saved = {name: getattr(current_user, name) for name in PROFILE_FIELDS}
    read = {f"{name}_read": value for name, value in saved.items()}
    return _render_account(ProfileForm(**saved, **read))


@account.put("/account")
@permit("account.write")
def save_account() -> Response:
    # A form that was sent without the language leaves it as it is.
    form = ProfileForm(locale=current_user.locale)
    if not form.validate():
        return _render_account(form, 422)
    opened = {name: form[f"{name}_read"].data for name in PROFILE_FIELDS}
    try:
        change_profile(
            db.session,
            current_user.id,
            read={name: value for name, value in opened.items() if value is not None},
            by=current_user.id,
            now=now(),
            **{name: form[name].data or "" for name in PROFILE_FIELDS},
        )
    except EditConflict as late:
        # Keep what was typed: sending it again overwrites knowingly.
        for name, value in late.stored.items():
            form[f"{name}_read"].data = value
        return _render_account(form, 409, late=_conflict_labels(form, late))
    flash(_("Your account is saved."), "message")
    return see_other("account.show_account")


@account.put("/account/mail")
@permit("account.write")
def save_mail() -> Response:
    """Save a checkbox: if it is not sent, it is off."""
    wants = request.form.get("wants_mail") == "1"
    set_wants_mail(db.session, current_user.id, wants, by=current_user.id, now=now())
    if wants:
        flash(_("Notifications are now sent by mail as well."), "message")
    else:
        flash(_("Notifications are no longer sent by mail; they stay on their page."), "message")
    return see_other("account.show_account", _anchor="mail")


@account.get("/account/email")
@permit("account.write")
@fresh_login_required
def edit_email() -> Response:
    return make_response(render_template("account/change_email.html", form=ChangeEmailForm()))


@account.put("/account/email")
@permit("account.write")
@fresh_login_required
def save_email() -> Response:
    form = ChangeEmailForm()
    old = current_user.email
    try:
        if not form.validate():
            return make_response(render_template("account/change_email.html", form=form), 422)
        actions.change_email(
            db.session,
            current_user.id,
            form.email.data or "",
            by=current_user.id,
            address=client_address(),
            now=now(),
        )
    except actions.EmailTaken:
        form.email.errors = [_("Another account has this e-mail address.")]
        return make_response(render_template("account/change_email.html", form=form), 422)
    if transport.is_configured():
        # Without a `user_id`, or the mail would go to the new address.
        subject = _("Your e-mail address on Cairn was changed")
        body = _(
            "The e-mail address of your account on Cairn is now %(new)s.\nIf you did not "
            "change it, tell your administrator at once.\n",
            new=form.email.data,
        )
        outbox.enqueue(db.session, outbox.Mail(old, subject, body), now=now())
    flash(_("Your e-mail address is changed. Sign in with the new one from now on."), "message")
    return see_other("account.show_account")


@account.get("/account/password")
@permit("account.write")
def edit_password() -> Response:
    return _render_password(_password_form())


@account.put("/account/password")
@permit("account.write")
def change_password() -> Response:
    person, form = current_user._get_current_object(), _password_form()
    if not form.validate():
        return _render_password(form, 422)
    refused = check_own_password(person.id, form.current_password.data or "")
    if refused is not None:
        if refused:
            return too_many_requests(_render_password(form, wait=refused), refused)
        form.current_password.errors = [_("This is not your current password.")]
        return _render_password(form, 422)
    end_transaction()
    new_hash = passwords.hash_password(form.password.data or "")
    actions.set_password(
        db.session, person.id, new_hash, by=person.id, address=client_address(), now=now()
    )
    user = queries.find_user(db.session, person.id)
    if user is not None:
        begin_session(db.session, user)
    flash(_("Your password is changed, and you are signed out everywhere else."), "message")
    return see_other("account.show_account")


@account.delete("/account/sessions/<uuid:session_id>")
@permit("account.write")
def end_session(session_id: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "account.write", LoginSession, session_id)
    _record_audit("session.revoked", str(row.id))
    if row.id == current_user.session_id:
        sign_out(db.session)
        flash(_("You are signed out."), "message")
        return see_other("auth.login")
    db.session.delete(row)
    flash(_("That browser is signed out."), "message")
    return see_other("account.show_account", _anchor="sessions")


@account.delete("/account/sessions")
@permit("account.write")
def end_other_sessions() -> Response:
    ended = actions.end_sessions(db.session, current_user.id, keep=current_user.session_id)
    _record_audit("session.revoked", f"{ended} others")
    flash(_("You are signed out everywhere else."), "message")
    return see_other("account.show_account", _anchor="sessions")


def _conflict_labels(form: ProfileForm, late: EditConflict) -> dict[str, str]:
    """Return the stored values of the fields that were changed elsewhere, by label."""
    themes = {value: label for value, label, *_more in form.theme.iter_choices()}
    return {
        str(form[name].label.text): str(themes[value] if name == "theme" else value)
        for name, value in late.stored.items()
    }


def _render_account(
    form: ProfileForm, status: int = 200, late: dict[str, str] | None = None
) -> Response:
    rows = [
        SignedInBrowser(row, *parse_user_agent(row.user_agent), row.id == current_user.session_id)
        for row in queries.list_sessions(db.session, current_user.id, now=now())
    ]
    page = render_template(
        "account/account.html",
        form=form,
        late=late,
        sessions=rows,
        sharing=load_sharing(db.session, current_user.id),
        mails=transport.is_configured(),
        wants_mail=wants_mail(db.session, current_user.id),
    )
    return make_response(page, status)


def _password_form() -> ChangePasswordForm:
    return ChangePasswordForm(person_name=current_user.name, person_email=current_user.email)


def _render_password(form: ChangePasswordForm, status: int = 200, wait: int = 0) -> Response:
    page = render_template("account/change_password.html", form=form, wait=wait)
    return make_response(page, status)


def _record_audit(action: str, target: str) -> None:
    record_audit(
        db.session,
        by=current_user.id,
        action=action,
        target=target,
        address=client_address(),
        now=now(),
    )
