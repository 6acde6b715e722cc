"""Ask for the password again before a sensitive change."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.auth import actions, preserved_form
from roadmap.auth.blueprint import auth
from roadmap.auth.forms import ConfirmPasswordForm
from roadmap.auth.login_throttle import too_many_requests
from roadmap.auth.reauthentication import (
    check_own_password,
    render_confirm_page,
)
from roadmap.core.database import db
from roadmap.core.web import now, safe_redirect_target
from roadmap.people.permissions import permit


@auth.get("/account/confirm")
@permit("account.write")
def confirm_password() -> Response:
    return render_confirm_page(ConfirmPasswordForm())


@auth.post("/account/confirm")
@permit("account.write")
def reauthenticate() -> Response:
    form, person = ConfirmPasswordForm(), current_user._get_current_object()
    if not form.validate():
        return render_confirm_page(form, 422)
    refused = check_own_password(person.id, form.password.data or "")
    if refused is not None:
        if refused:
            return too_many_requests(render_confirm_page(form, wait=refused), refused)
        form.password.errors = [_("This is not your password.")]
        return render_confirm_page(form, 422)
    actions.mark_session_fresh(db.session, person.session_id, now=now())
    kept_form = preserved_form.from_form(request.form)
    if kept_form is not None and kept_form.belongs_to(str(person.id)):
        return make_response(render_template("auth/preserved_form.html", kept=kept_form))
    return redirect(safe_redirect_target(request.values.get("next"), "/account"), 303)
