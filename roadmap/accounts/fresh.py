"""What cannot be taken back asks for the password once more, see `sessions.is_fresh`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.accounts import kept
from roadmap.accounts.forms import ConfirmForm
from roadmap.accounts.sessions import is_fresh
from roadmap.core.database import SAFE_METHODS
from roadmap.core.web import safe_next, see_other

View = Callable[..., Response]


def needs_fresh(view: View) -> View:
    """Asks for the password once more where the sign-in is older than a quarter of an hour.

    What was sent with a form is kept, and can be sent again afterwards.
    """

    @wraps(view)
    def ask_first(*args: Any, **values: Any) -> Response:
        if is_fresh(current_user):
            return view(*args, **values)
        if request.method in SAFE_METHODS:
            return see_other("accounts.confirm", next=request.path)
        form = kept.from_request(request, str(current_user.id))
        return confirm_page(ConfirmForm(formdata=None), 401, kept_form=form)

    return ask_first


def confirm_page(
    form: ConfirmForm, status: int = 200, wait: int = 0, kept_form: kept.KeptForm | None = None
) -> Response:
    """The page that asks for the password; `wait` in seconds where it was tried too often."""
    page = render_template(
        "accounts/confirm.html",
        form=form,
        wait=wait,
        kept=kept_form or kept.from_form(request.form),
        next=safe_next(request.values.get("next"), ""),
    )
    return make_response(page, status)
