"""Preserve a form that was sent after its session had ended, and send it after signing in.

Its fields are hidden inputs of the sign-in page. Passwords are never preserved.
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
from roadmap.core.proxy import is_own_address
from roadmap.core.uploads import MULTIPART
from roadmap.core.web import safe_redirect_target

# The sign-in form may be larger by the names of the hidden inputs.
MAX_BYTES = 500_000
MAX_BYTES_WITH_SIGN_IN = 900_000
# Fewer fields than a form may have, for those of the sign-in page.
MAX_FIELDS = 190
FIELD, METHOD, TARGET, WHO = "kept.field.", "kept.method", "kept.target", "kept.who"
METHODS = frozenset({"POST"}) | OVERRIDE_METHODS
# Fields that people type into, by the last part of their names. Only these are shown with a
# preserved form; choices, versions and ids are carried along.
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
    "message": _l("What helps them to remember"),
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
    """What was sent, to which path of ours, with which method, and (signed) by whom.

    `fields` leaves `_method` out: the method has it.
    """

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    who: str = ""

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Return the inputs that carry the form through the sign-in page."""
        head = [(METHOD, self.method), (TARGET, self.target), (WHO, self.who)]
        return head + [(FIELD + name, value) for name, value in self.fields]

    @property
    def typed(self) -> list[tuple[LazyString, str]]:
        """Return what the person typed, with labels, so that they recognise the form."""
        named = (
            (TEXT_FIELD_LABELS.get(name.rpartition("-")[2]), value) for name, value in self.fields
        )
        return [(label, value) for label, value in named if label and value.strip()]

    def belongs_to(self, person: str) -> bool:
        """Return whether this person sent it, according to its signature."""
        try:
            return _signer().unsign(self.who).decode() == person
        except BadSignature:
            return False


def from_request(request: Request, who: str) -> PreservedForm | None:
    """Return the form of this request if it can be preserved.

    Another site could otherwise post one in the person's name, which they would send themselves.
    """
    size = request.content_length or 0
    # Of a form with files the other fields are preserved.
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
        request.method, target, fields, _signer().sign(who).decode() if who else ""
    )


def from_form(form: MultiDict[str, str]) -> PreservedForm | None:
    """Return the form that a sign-in page carries, if it is for a path of ours."""
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
    return sender is None or is_own_address(sender)


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="kept-form", digest_method=hashlib.sha256)
