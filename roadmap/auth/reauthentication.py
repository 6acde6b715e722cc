"""Require the password again before sensitive changes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import Field

from roadmap.auth import preserved_form, queries, rate_limits
from roadmap.auth.forms import ConfirmPasswordForm
from roadmap.auth.login_throttle import check_password, read_only_session, too_many_requests
from roadmap.core.database import SAFE_METHODS, db
from roadmap.core.proxy import client_address
from roadmap.core.web import now, render_page, safe_redirect_target, see_other

View = Callable[..., Response]

FRESH_LOGIN_PERIOD = dt.timedelta(minutes=15)


def fresh_login_required(view: View) -> View:
    """Require the password if it was last entered before FRESH_LOGIN_PERIOD.

    A submitted form is preserved and can be submitted again afterwards.
    """

    @wraps(view)
    def wrapper(*args: Any, **values: Any) -> Response:
        fresh_at = current_user.fresh_at
        if fresh_at is not None and now() - fresh_at <= FRESH_LOGIN_PERIOD:
            return view(*args, **values)
        if request.method in SAFE_METHODS:
            return see_other("auth.confirm_password", next=request.path)
        preserved = preserved_form.from_request(request, str(current_user.id))
        return render_confirm_page(ConfirmPasswordForm(formdata=None), 401, preserved=preserved)

    return wrapper


def render_confirm_page(
    form: ConfirmPasswordForm,
    status: int = 200,
    wait: int = 0,
    preserved: preserved_form.PreservedForm | None = None,
) -> Response:
    """Render the page that asks for the password; `wait` is in seconds, after too many attempts."""
    return render_page(
        "auth/confirm_password.html",
        status,
        form=form,
        wait=wait,
        preserved=preserved or preserved_form.from_form(request.form),
        next=safe_redirect_target(request.values.get("next"), ""),
    )


def check_own_password(
    user_id: uuid.UUID, field: Field, wrong: str, render: Callable[..., Response]
) -> Response | None:
    """Return None if the field has the person's password, else the response with the error.

    `wrong` is the message for a wrong password. `render` renders the page, with `wait` in seconds
    after too many attempts. Ends the request's transaction, so that no lock is held while hashing.
    """
    me = str(user_id)
    limits = rate_limits.attempt_limits("confirm", account=me, address=client_address())
    with read_only_session() as session:
        person = queries.find_user(session, user_id)
    typed = field.data or ""
    tried = check_password(person, typed, limits, what="password", target=me, by=user_id)
    if tried.wait:
        return too_many_requests(render(wait=tried.wait), tried.wait)
    if tried.person is None:
        field.errors = [wrong]
        return render(status=422)
    rate_limits.clear_failures(db.session, limits)
    return None
