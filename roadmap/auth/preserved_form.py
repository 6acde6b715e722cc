"""Preserve a form submitted after its session ended, to submit it after signing in.

The fields become hidden inputs of the sign-in page. Passwords are never preserved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import Request, current_app
from flask_babel import LazyString
from itsdangerous import BadSignature, Signer
from werkzeug.datastructures import MultiDict

from roadmap.core.headers import OVERRIDE_METHODS, URLENCODED
from roadmap.core.i18n import lazy_gettext as _l
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
# Text fields, by the last part of their names. Only these are shown with a preserved form; choices,
# versions and ids are hidden.
TEXT_FIELD_LABELS = {
    "title": _l("Title"),
    "captured": _l("Link, or what you did"),
    "name": _l("Name"),
    "email": _l("E-mail"),
    "badge": _l("Badge"),
    "note": _l("Note"),
    "reason": _l("Reason"),
    "comment": _l("Comment"),
    "text": _l("Comment"),
    "label": _l("For whom"),
    "slug": _l("Address"),
    "days": _l("Valid for (days)"),
    "headline": _l("Headline"),
    "introduction": _l("Introduction"),
    "github": "GitHub",
    "linkedin": "LinkedIn",
    "orcid": "ORCID",
    "website": _l("Website"),
    "starts_on": _l("First day"),
    "ends_on": _l("Last day"),
    "description": _l("Description"),
    "role": _l("Your role"),
    "url": _l("Link"),
    "issuer": _l("Issuer"),
    "metric": _l("Metric"),
    "baseline": _l("Before"),
    "result": _l("After"),
    "unit": _l("Unit"),
    "source_url": _l("Source link"),
    "employer": _l("Employer"),
    "summary": _l("Summary"),
    "field": _l("Field"),
    "institution": _l("Institution"),
    "hours_per_week": _l("Hours a week"),
    "occurred_on": _l("Date"),
    "issued_on": _l("Issued on"),
    "expires_on": _l("Expires on"),
    "base": _l("Base salary a year"),
    "bonus": _l("Bonus a year"),
    "sign_on": _l("Sign-on bonus"),
    "equity": _l("Equity, the whole grant"),
    "currency": _l("Currency"),
    "last_used": _l("Last used"),
    "started_on": _l("From"),
    "ended_on": _l("Until"),
    "awarded_on": _l("Awarded on"),
    "target_on": _l("Target date"),
    "amount": _l("What you paid"),
    "situation": _l("Situation"),
    "task": _l("Task"),
    "action": _l("Action"),
    "outline": _l("Outline"),
    "rater": _l("Your name"),
    "login": _l("User name"),
    "since": _l("Since"),
    "asked": _l("Who saw it?"),
    "message": _l("What helps them remember"),
    "witness": _l("Your name"),
    "affiliation": _l("Your role at that time"),
    "statement": _l("How you know"),
    "day": _l("Day"),
    "first": _l("From"),
    "addresses": _l("Your addresses in this calendar"),
    "minutes": _l("Hours"),
    "deep_work_minutes": _l("Fewest hours of deep work a week"),
    "week_minutes": _l("Hours you work a week"),
}


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
        named = (
            (TEXT_FIELD_LABELS.get(name.rpartition("-")[2]), value) for name, value in self.fields
        )
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
