"""The account page: who one is, how Cairn looks, where one is signed in, and the password."""

from __future__ import annotations

import uuid

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.accounts import actions, kept, limits, mail, outbox, passwords, queries
from roadmap.accounts.blueprint import accounts
from roadmap.accounts.forms import ChangePasswordForm, ConfirmForm, EmailForm, ProfileForm
from roadmap.accounts.fresh import confirm_page, needs_fresh
from roadmap.accounts.models import LoginSession
from roadmap.accounts.profile import change_profile, want_mail
from roadmap.accounts.rules import device
from roadmap.accounts.sessions import begin_session, sign_out
from roadmap.accounts.sharing import sharing
from roadmap.accounts.trying import at_rest, too_many, try_password
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, safe_next, see_other
from roadmap.people import access
from roadmap.people.access import permit
from roadmap.people.records import audit
from roadmap.people.rules import ChangedMeanwhile

PROFILE = ("name", "timezone", "theme", "locale")


@accounts.get("/account")
@permit("account.read")
def account() -> Response:
    saved = {name: getattr(current_user, name) for name in PROFILE}
    read = {f"{name}_read": value for name, value in saved.items()}
    return _account_page(ProfileForm(**saved, **read))


@accounts.put("/account")
@permit("account.write")
def save_account() -> Response:
    form = ProfileForm()
    if not form.validate():
        return _account_page(form, 422)
    opened = {name: form[f"{name}_read"].data for name in PROFILE}
    try:
        change_profile(
            db.session,
            current_user.id,
            read={name: value for name, value in opened.items() if value is not None},
            by=current_user.id,
            now=now(),
            **{name: form[name].data or "" for name in PROFILE},
        )
    except ChangedMeanwhile as late:
        # What was typed stays in the form; sending it once more is a decision.
        for name, value in late.stored.items():
            form[f"{name}_read"].data = value
        return _account_page(form, 409, late=_shown(form, late))
    flash(_("Your account is saved."), "message")
    return see_other("accounts.account")


@accounts.put("/account/mail")
@permit("account.write")
def save_mail() -> Response:
    """A checkbox: what is not sent is off."""
    wants = request.form.get("wants_mail") == "1"
    want_mail(db.session, current_user.id, wants, by=current_user.id, now=now())
    if wants:
        flash(_("Notifications come by mail as well from now on."), "message")
    else:
        flash(_("Notifications stay on their page from now on; no mail is sent."), "message")
    return see_other("accounts.account", _anchor="mail")


@accounts.get("/account/email")
@permit("account.write")
@needs_fresh
def email() -> Response:
    return make_response(render_template("accounts/email.html", form=EmailForm()))


@accounts.put("/account/email")
@permit("account.write")
@needs_fresh
def save_email() -> Response:
    form = EmailForm()
    old = current_user.email
    try:
        if not form.validate():
            return make_response(render_template("accounts/email.html", form=form), 422)
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
        return make_response(render_template("accounts/email.html", form=form), 422)
    if mail.is_configured():
        # To the old address: it is not said whose mail it is, or it would go to the new one.
        outbox.put(
            db.session,
            to=old,
            subject=_("Your e-mail address on Cairn was changed"),
            body=_(
                "The e-mail address of your account on Cairn is now %(new)s.\n"
                "If that was not you, tell whoever runs Cairn at once.\n",
                new=form.email.data,
            ),
            now=now(),
        )
    flash(_("Your e-mail address is changed. Sign in with it from now on."), "message")
    return see_other("accounts.account")


@accounts.get("/account/password")
@permit("account.write")
def password() -> Response:
    return _password_page(_password_form())


@accounts.put("/account/password")
@permit("account.write")
def change_password() -> Response:
    person, form = current_user._get_current_object(), _password_form()
    if not form.validate():
        return _password_page(form, 422)
    refused = _try_password(person.id, form.current_password.data or "")
    if refused is not None:
        if refused:
            return too_many(_password_page(form, wait=refused), refused)
        form.current_password.errors = [_("This is not your current password.")]
        return _password_page(form, 422)
    at_rest()
    new_hash = passwords.hash_password(form.password.data or "")
    actions.set_password(
        db.session, person.id, new_hash, by=person.id, address=client_address(), now=now()
    )
    user = queries.person(db.session, person.id)
    if user is not None:
        begin_session(db.session, user)
    flash(_("Your password is changed, and you are signed out everywhere else."), "message")
    return see_other("accounts.account")


@accounts.get("/account/confirm")
@permit("account.write")
def confirm() -> Response:
    return confirm_page(ConfirmForm())


@accounts.post("/account/confirm")
@permit("account.write")
def make_fresh() -> Response:
    form, person = ConfirmForm(), current_user._get_current_object()
    if not form.validate():
        return confirm_page(form, 422)
    refused = _try_password(person.id, form.password.data or "")
    if refused is not None:
        if refused:
            return too_many(confirm_page(form, wait=refused), refused)
        form.password.errors = [_("This is not your password.")]
        return confirm_page(form, 422)
    actions.make_fresh(db.session, person.session_id, now=now())
    kept_form = kept.from_form(request.form)
    if kept_form is not None and kept_form.is_of(str(person.id)):
        return make_response(render_template("accounts/kept.html", kept=kept_form))
    return redirect(safe_next(request.values.get("next"), url_for("accounts.account")), 303)


@accounts.delete("/account/sessions/<uuid:session_id>")
@permit("account.write")
def end_one(session_id: uuid.UUID) -> Response:
    row = access.load(db.session, current_user, "account.write", LoginSession, session_id)
    _note("session.revoked", str(row.id))
    if row.id == current_user.session_id:
        sign_out(db.session)
        flash(_("You are signed out."), "message")
        return see_other("accounts.login")
    db.session.delete(row)
    flash(_("That browser is signed out."), "message")
    return see_other("accounts.account", _anchor="sessions")


@accounts.delete("/account/sessions")
@permit("account.write")
def end_others() -> Response:
    ended = actions.end_sessions(db.session, current_user.id, keep=current_user.session_id)
    _note("session.revoked", f"{ended} others")
    flash(_("You are signed out everywhere else."), "message")
    return see_other("accounts.account", _anchor="sessions")


def _try_password(user_id: uuid.UUID, typed: str) -> int | None:
    """None where the password is the person's own; else the seconds to wait, 0 for none.

    Ends the request's transaction, so that nothing is locked while the hash is computed.
    """
    limit = limits.limits_of("confirm", account=str(user_id), address=client_address())
    tried = try_password(
        lambda session: queries.person(session, user_id),
        typed,
        limit,
        what="password",
        target=str(user_id),
        by=user_id,
    )
    if tried.person is None:
        return tried.wait
    if tried.slips:
        limits.forgive(db.session, limit)
    return None


def _shown(form: ProfileForm, late: ChangedMeanwhile) -> dict[str, str]:
    """What is saved now of the fields that were changed elsewhere, too, by label."""
    themes = {value: label for value, label, *_more in form.theme.iter_choices()}
    return {
        str(form[name].label.text): str(themes[value] if name == "theme" else value)
        for name, value in late.stored.items()
    }


def _account_page(
    form: ProfileForm, status: int = 200, late: dict[str, str] | None = None
) -> Response:
    rows = [
        (row, *device(row.user_agent), row.id == current_user.session_id)
        for row in queries.sessions_of(db.session, current_user.id, now=now())
    ]
    page = render_template(
        "accounts/account.html",
        form=form,
        late=late,
        sessions=rows,
        sharing=sharing(db.session, current_user.id),
        mails=mail.is_configured(),
        wants_mail=queries.wants_mail(db.session, current_user.id),
    )
    return make_response(page, status)


def _password_form() -> ChangePasswordForm:
    return ChangePasswordForm(person_name=current_user.name, person_email=current_user.email)


def _password_page(form: ChangePasswordForm, status: int = 200, wait: int = 0) -> Response:
    page = render_template("accounts/password.html", form=form, wait=wait)
    return make_response(page, status)


def _note(action: str, target: str) -> None:
    audit(
        db.session,
        by=current_user.id,
        action=action,
        target=target,
        address=client_address(),
        now=now(),
    )
