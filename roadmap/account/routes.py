"""The account pages: profile, security, visibility and API tokens."""

from __future__ import annotations

import uuid
from functools import partial

from flask import Blueprint, flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.account.actions import change_profile, set_preference
from roadmap.account.forms import ChangeEmailForm, ChangePasswordForm, ProfileForm, TokenForm
from roadmap.account.queries import load_visibility
from roadmap.account.user_agents import parse_user_agent
from roadmap.auth import actions, api_tokens, email_confirmation, passwords, queries, rate_limits
from roadmap.auth.email_addresses import email_key
from roadmap.auth.login_throttle import end_transaction, too_many_requests
from roadmap.auth.models import ApiToken, LoginSession
from roadmap.auth.reauthentication import check_own_password, fresh_login_required
from roadmap.auth.request_audit import audit_request
from roadmap.auth.sessions import begin_session, sign_out
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _, _l
from roadmap.core.proxy import client_address
from roadmap.core.web import form_key, now, render_page, see_other, wants_fragment
from roadmap.mail import transport
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.people.roles import VIEWERS
from roadmap.people.rules import EditConflict
from roadmap.people.scopes import SCOPES

account = Blueprint("account", __name__)

PROFILE_FIELDS = ("name", "timezone", "theme", "locale")
# The preference that each switch saves, and the messages when it is turned on and off.
SWITCHES = {
    "mail": (
        "wants_mail",
        _l("Notifications are now sent by mail as well."),
        _l(
            "Notifications are no longer sent by mail. You still find them on the "
            "notifications page."
        ),
    ),
    "keyboard": (
        "uses_single_keys",
        _l("Single-key shortcuts are on."),
        _l("Single-key shortcuts are off."),
    ),
    "sharing": (
        "shares_plans",
        _l("Your %(viewers)s can now see your reasons and target dates.", viewers=VIEWERS),
        _l("Your reasons and target dates are now visible only to you."),
    ),
}


@account.get("/account")
@permit("account.read")
def show_account() -> Response:
    saved = {name: getattr(current_user, name) for name in PROFILE_FIELDS}
    read = {f"{name}_read": value for name, value in saved.items()}
    return _render_account(ProfileForm(**saved, **read))


@account.put("/account")
@permit("account.write")
def save_account() -> Response:
    # If the form was sent without a locale, keep the current one.
    form = ProfileForm(locale=current_user.locale)
    if not form.validate():
        return _render_account(form, 422)
    opened = {name: form[f"{name}_read"].data for name in PROFILE_FIELDS}
    try:
        change_profile(
            db.session,
            current_user.id,
            read={name: value for name, value in opened.items() if value is not None},
            now=now(),
            **{name: form[name].data or "" for name in PROFILE_FIELDS},
        )
    except EditConflict as conflict:
        # Keep the entered values; submitting again overwrites the other change deliberately.
        for name, value in conflict.stored.items():
            form[f"{name}_read"].data = value
        return _render_account(form, 409, saved_values=_conflict_labels(form, conflict))
    flash(_("Your account is saved."))
    return see_other("account.show_account")


@account.put("/account/mail", defaults={"switch": "mail"})
@account.put("/account/keyboard", defaults={"switch": "keyboard"})
@account.put("/account/sharing", defaults={"switch": "sharing"})
@permit("account.write")
def save_switch(switch: str) -> Response:
    """Save a preference; a missing value turns it off, so that nothing is shared by mistake."""
    name, on, off = SWITCHES[switch]
    is_on = request.form.get(name) == "1"
    set_preference(db.session, current_user.id, name, is_on, now=now())
    flash(str(on if is_on else off))
    return see_other("account.show_account", _anchor=switch)


@account.get("/account/keyboard")
@permit("account.read")
def show_keys() -> str:
    """List the keyboard shortcuts: as a page, or for htmx as the content of the dialog."""
    template = "account/_keys.html" if wants_fragment() else "account/keyboard.html"
    return render_template(template)


@account.get("/account/email")
@permit("account.write")
@fresh_login_required
def edit_email() -> Response:
    return render_page("account/change_email.html", form=ChangeEmailForm())


@account.put("/account/email")
@permit("account.write")
@fresh_login_required
def save_email() -> Response:
    """Request confirmation of a new address, without revealing whether an account has it."""
    form = ChangeEmailForm()
    if not form.validate():
        return render_page("account/change_email.html", 422, form=form)
    return _request_email(form)


@account.delete("/account/email")
@permit("account.write")
def discard_email() -> Response:
    """Discard the pending address, unless it is the only one."""
    if current_user.email_key is not None and email_confirmation.discard_email(
        db.session, current_user.id
    ):
        flash(_("Your e-mail address stays %(email)s.", email=current_user.email))
    return see_other("account.show_account")


@account.post("/account/email/link")
@permit("account.write")
def resend_link() -> Response:
    """Mail another link to the pending address; the earlier one stops working."""
    pending = queries.find_pending_email(db.session, current_user.id)
    if pending is None or not transport.is_configured():
        return see_other("account.show_account")
    return _request_email(ChangeEmailForm(formdata=None, email=pending.email))


@account.get("/account/email/<token>")
@permit("account.write")
def show_confirmation(token: str) -> Response:
    """Show a button to confirm, because mail scanners open links."""
    me = current_user.id
    pending = email_confirmation.find_by_link(db.session, me, token, now=now())
    if pending is None:
        return _refuse_link()
    return render_page("account/confirm_email.html", pending=pending, token=token)


@account.put("/account/email/<token>")
@permit("account.write")
def confirm_email(token: str) -> Response:
    me = current_user.id
    pending = email_confirmation.find_by_link(db.session, me, token, now=now())
    if pending is None:
        return _refuse_link()
    try:
        email_confirmation.confirm_email(
            db.session, me, pending.id, by=me, address=client_address(), now=now()
        )
    except email_confirmation.EmailNotPending:
        return _refuse_link()
    except actions.EmailTaken:
        return render_error(
            409,
            _("Another account has this e-mail address."),
            _("Sign in to that account, or use another address."),
        )
    flash(_("Your e-mail address is confirmed. Use it to sign in."))
    return see_other("account.show_account")


@account.get("/account/password")
@permit("account.write")
def edit_password() -> Response:
    return render_page("account/change_password.html", form=_password_form(), wait=0)


@account.put("/account/password")
@permit("account.write")
def change_password() -> Response:
    form, me = _password_form(), current_user.id
    render = partial(render_page, "account/change_password.html", form=form)
    if not form.validate():
        return render(422, wait=0)
    wrong = _("This is not your current password.")
    refusal = check_own_password(me, form.current_password, wrong, render)
    if refusal is not None:
        return refusal
    end_transaction()
    new_hash = passwords.hash_password(form.password.data or "")
    actions.set_password(db.session, me, new_hash, by=me, address=client_address(), now=now())
    user = queries.find_user(db.session, me)
    if user is not None:
        begin_session(user)
    flash(_("Your password is changed, and you are signed out everywhere else."))
    return see_other("account.show_account")


@account.delete("/account/sessions/<uuid:session_id>")
@permit("account.write")
def end_session(session_id: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "account.write", LoginSession, session_id)
    audit_request(db.session, "session.revoked", str(row.id), current_user.id)
    if row.id == current_user.session_id:
        sign_out()
        flash(_("You are signed out."))
        return see_other("auth.login")
    db.session.delete(row)
    flash(_("That browser is signed out."))
    return see_other("account.show_account", _anchor="sessions")


@account.delete("/account/sessions")
@permit("account.write")
def end_other_sessions() -> Response:
    ended = actions.end_sessions(db.session, current_user.id, except_id=current_user.session_id)
    audit_request(db.session, "session.revoked", "", current_user.id, count=ended)
    flash(_("You are signed out everywhere else."))
    return see_other("account.show_account", _anchor="sessions")


@account.get("/account/tokens")
@permit("token.read")
def list_tokens() -> str:
    return render_template(
        "account/tokens.html",
        tokens=api_tokens.list_tokens(db.session, current_user.id),
        scopes=SCOPES,
        now=now(),
    )


@account.get("/account/tokens/agents")
@permit("token.read")
def show_agents() -> str:
    """Show how to connect a coding agent to this server."""
    return render_template("account/agents.html")


@account.get("/account/tokens/new")
@permit("token.write")
@fresh_login_required
def new_token() -> Response:
    """Show the form; `?scope=` preselects a scope."""
    scope = request.args.get("scope", "")
    chosen = {"scope": scope} if scope in SCOPES else {}
    return render_page("account/token_new.html", form=TokenForm(**chosen))


@account.post("/account/tokens")
@permit("token.write")
@fresh_login_required
def create_token() -> Response:
    """Create a token and show it once, because it is not stored."""
    form = TokenForm()
    if not form.validate():
        return render_page("account/token_new.html", 422, form=form)
    try:
        token = api_tokens.create(
            db.session,
            current_user.id,
            name=form.name.data or "",
            scope=form.scope.data,
            days=form.days.data or 0,
            by=current_user.id,
            address=client_address(),
            now=now(),
            key=form_key(),
        )
    except api_tokens.TooManyTokens:
        form.form_errors = [
            _("You can have at most %(most)d tokens. Revoke one first.", most=api_tokens.MAX_TOKENS)
        ]
        return render_page("account/token_new.html", 422, form=form)
    return render_page("account/token_created.html", 201, token=token, form=form)


@account.delete("/account/tokens/<uuid:token_id>")
@permit("token.write")
def revoke_token(token_id: uuid.UUID) -> Response:
    token = permissions.load(db.session, current_user, "token.write", ApiToken, token_id)
    name = token.name
    api_tokens.revoke(db.session, token, by=current_user.id, address=client_address(), now=now())
    flash(_("The token “%(name)s” is revoked and no longer works.", name=name))
    return see_other("account.list_tokens")


def _refuse_link() -> Response:
    return render_error(
        404,
        _("It was used, has expired, was replaced by a newer one, or is for another account."),
        _("Your account page shows whether an e-mail address still has to be confirmed."),
        title=_("This link does not work"),
    )


def _request_email(form: ChangeEmailForm) -> Response:
    """Request confirmation of the submitted address, and mail its link if mail is set up."""
    me, new = current_user.id, form.email.data or ""
    limits = rate_limits.confirmation_limits(me, email_key(new))
    if wait := rate_limits.count_attempt(limits, now=now()):
        page = render_page("account/change_email.html", form=form, wait=wait)
        return too_many_requests(page, wait)
    if not email_confirmation.request_email(db.session, me, new, by=me, now=now()):
        flash(_("Your e-mail address is changed."))
    elif transport.is_configured():
        flash(_("A link is being mailed to %(email)s. Open it to confirm.", email=new))
    return see_other("account.show_account")


def _conflict_labels(form: ProfileForm, conflict: EditConflict) -> dict[str, str]:
    """Return the stored values of the fields that were changed elsewhere, by label."""
    themes = {value: label for value, label, *_more in form.theme.iter_choices()}
    return {
        str(form[name].label.text): str(themes[value] if name == "theme" else value)
        for name, value in conflict.stored.items()
    }


def _render_account(
    form: ProfileForm, status: int = 200, saved_values: dict[str, str] | None = None
) -> Response:
    pending = queries.find_pending_email(db.session, current_user.id)
    link_state, mail_error = email_confirmation.find_link_state(db.session, pending, now=now())
    return render_page(
        "account/account.html",
        status,
        form=form,
        saved_values=saved_values,
        sessions=[
            (row, *parse_user_agent(row.user_agent), row.id == current_user.session_id)
            for row in queries.list_sessions(db.session, current_user.id, now=now())
        ],
        mails=transport.is_configured(),
        pending=pending,
        link_state=link_state,
        mail_error=mail_error,
        **load_visibility(db.session, current_user.id),
    )


def _password_form() -> ChangePasswordForm:
    return ChangePasswordForm(person_name=current_user.name, person_email=current_user.email)
