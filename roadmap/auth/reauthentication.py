"""Ask for the password again before sensitive changes, see `sessions.is_fresh`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.auth import preserved_form, queries, rate_limits
from roadmap.auth.forms import ConfirmPasswordForm
from roadmap.auth.login_throttle import check_password
from roadmap.auth.sessions import is_fresh
from roadmap.core.database import SAFE_METHODS, db
from roadmap.core.proxy import client_address
from roadmap.core.web import safe_redirect_target, see_other

View = Callable[..., Response]


def fresh_login_required(view: View) -> View:
    """Ask for the password if the sign-in is older than FRESH_LOGIN_PERIOD.

    A form is preserved and can be sent again afterwards.
    """

    @wraps(view)
    def ask_first(*args: Any, **values: Any) -> Response:
        if is_fresh(current_user):
            return view(*args, **values)
        if request.method in SAFE_METHODS:
            return see_other("auth.confirm_password", next=request.path)
        form = preserved_form.from_request(request, str(current_user.id))
        return render_confirm_page(ConfirmPasswordForm(formdata=None), 401, kept_form=form)

    return ask_first


def render_confirm_page(
    form: ConfirmPasswordForm,
    status: int = 200,
    wait: int = 0,
    kept_form: preserved_form.PreservedForm | None = None,
) -> Response:
    """Render the page that asks for the password; `wait` is in seconds after too many attempts."""
    page = render_template(
        "auth/confirm_password.html",
        form=form,
        wait=wait,
        kept=kept_form or preserved_form.from_form(request.form),
        next=safe_redirect_target(request.values.get("next"), ""),
    )
    return make_response(page, status)


def check_own_password(user_id: uuid.UUID, typed: str) -> int | None:
    """Check the person's own password: None if right, else the seconds to wait, or 0.

    Ends the request's transaction, so that no lock is held while the hash is computed.
    """
    limit = rate_limits.attempt_limits("confirm", account=str(user_id), address=client_address())
    tried = check_password(
        lambda session: queries.find_user(session, user_id),
        typed,
        limit,
        what="password",
        target=str(user_id),
        by=user_id,
    )
    if tried.person is None:
        return tried.wait
    if tried.has_failures:
        rate_limits.clear_failures(db.session, limit)
    return None
