"""Preserve a form submitted after its session ended, to submit it after signing in.

The fields become hidden inputs of the sign-in page. Passwords are never preserved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, urlencode

from flask import Request, current_app
from flask_babel import LazyString
from itsdangerous import BadSignature, Signer
from werkzeug.datastructures import MultiDict
from wtforms import DateField, DecimalField, Form, HiddenField, PasswordField, StringField
from wtforms.fields.core import UnboundField

from roadmap.core.headers import OVERRIDE_METHODS, URLENCODED
from roadmap.core.i18n import _l
from roadmap.core.proxy import is_own_origin
from roadmap.core.uploads import MULTIPART
from roadmap.core.web import safe_redirect_target

# The sign-in form may be larger, because of the names of the hidden inputs.
MAX_BYTES = 500_000
MAX_BYTES_WITH_SIGN_IN = 900_000
# Below the limit of fields per form, to leave room for those of the sign-in page.
MAX_FIELDS = 190
FIELD, METHOD, TARGET, WHO = "kept.field.", "kept.method", "kept.target", "kept.who"
METHODS = frozenset({"POST"}) | OVERRIDE_METHODS
# Fields with text that the person entered. Only these are shown with a preserved form; choices,
# versions and ids are hidden.
TEXT_FIELDS = (StringField, DateField, DecimalField)
# Labels of the text fields that are in no form class, or have different labels in several.
COMMON_LABELS = {
    "title": _l("Title"),
    "captured": _l("Link, or what you did"),
    "name": _l("Name"),
    "email": _l("E-mail"),
    "note": _l("Note"),
    "reason": _l("Reason"),
    "comment": _l("Comment"),
    "text": _l("Comment"),
    "days": _l("Valid for (days)"),
    "starts_on": _l("First day"),
    "ends_on": _l("Last day"),
    "description": _l("Description"),
    "url": _l("Link"),
    "result": _l("After"),
}


@cache
def text_field_labels() -> dict[str, LazyString]:
    """Return the labels of the text fields of all forms, by the last part of their names."""
    forms: list[type[Form]] = [Form]
    for form in forms:
        forms += form.__subclasses__()
    labels = {
        name: field.args[0]
        for form in forms
        for name, field in vars(form).items()
        if isinstance(field, UnboundField)
        and issubclass(field.field_class, TEXT_FIELDS)
        and not issubclass(field.field_class, (PasswordField, HiddenField))
    }
    return labels | COMMON_LABELS


@dataclass(frozen=True, slots=True)
class PreservedForm:
    """A submitted form: its local path, method, fields, and the signed id of its sender.

    `fields` does not include `_method`, which is in `method`.
    """

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    signed_user_id: str = ""

    @property
    def hidden_inputs(self) -> list[tuple[str, str]]:
        """Return the hidden inputs for the sign-in page."""
        head = [(METHOD, self.method), (TARGET, self.target), (WHO, self.signed_user_id)]
        return head + [(FIELD + name, value) for name, value in self.fields]

    @property
    def entered_texts(self) -> list[tuple[LazyString, str]]:
        """Return the entered texts with labels, so that the person recognises the form."""
        labels = text_field_labels()
        named = ((labels.get(name.rpartition("-")[2]), value) for name, value in self.fields)
        return [(label, value) for label, value in named if label and value.strip()]

    def is_submitted_by(self, person: str) -> bool:
        """Return whether this person submitted the form, according to its signature."""
        try:
            return _signer().unsign(self.signed_user_id).decode() == person
        except BadSignature:
            return False


def from_request(request: Request, user_id: str) -> PreservedForm | None:
    """Return the form of this request if it can be preserved.

    Forms of other sites are excluded, because the person would unknowingly submit them.
    """
    size = request.content_length or 0
    # Files are not preserved, but the other fields of such a form are.
    is_form = request.mimetype == MULTIPART or (
        request.mimetype == URLENCODED and size <= MAX_BYTES
    )
    if not is_form or not _is_same_origin(request):
        return None
    fields = _without_secrets(request.form.items(multi=True))
    if len(fields) > MAX_FIELDS or not fields:
        return None
    query = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    kept = urlencode([(name, value) for name, value in query if name != "_method"])
    target = f"{request.path}?{kept}" if kept else request.path
    return PreservedForm(
        request.method, target, fields, _signer().sign(user_id).decode() if user_id else ""
    )


def from_form(form: MultiDict[str, str]) -> PreservedForm | None:
    """Return the form preserved in a sign-in page, if its path is local."""
    method, target = form.get(METHOD, ""), form.get(TARGET, "")
    if method not in METHODS or safe_redirect_target(target, "") != target or not target:
        return None
    fields = _without_secrets(
        (name.removeprefix(FIELD), value)
        for name, value in form.items(multi=True)
        if name.startswith(FIELD)
    )
    return PreservedForm(method, target, fields, form.get(WHO, ""))


def _without_secrets(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, value in fields
        if "password" not in name.casefold() and not name.endswith(("csrf_token", "_method"))
    )


def _is_same_origin(request: Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    sender = request.headers.get("Origin")
    if sender is None:
        sender = request.headers.get("Referer")
    return sender is None or is_own_origin(sender)


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="kept-form", digest_method=hashlib.sha256)
