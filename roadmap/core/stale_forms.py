"""Optimistic locking for forms: detect rows changed or deleted since the form was opened."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import Field, HiddenField

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import date_filter


class StaleForm(Exception):
    """The row changed since the form was opened. `saved` holds the current values."""

    def __init__(self, saved: Any) -> None:
        super().__init__()
        self.saved = saved


class RowDeleted(LookupError):
    """The row was deleted since it was loaded. Results in a 404."""


def refresh(session: Session, row: object, names: Iterable[str] | None = None) -> None:
    """Reload a row. Raises RowDeleted."""
    try:
        session.refresh(row, names)
    except sa.exc.InvalidRequestError as error:
        # A failed transaction raises a subclass of this error, which is not a deleted row.
        if type(error) is not sa.exc.InvalidRequestError:
            raise
        raise RowDeleted from None


class FingerprintForm(FlaskForm):
    """A form with a fingerprint of the values that were saved when it was opened."""

    seen = HiddenField()

    @property
    def values(self) -> dict[str, Any]:
        """Return the values by field name, which is also the column's name."""
        return {each.name: each.data for each in self if each.name not in ("seen", "csrf_token")}

    def set_fingerprint(self, row: object) -> None:
        """Store the fingerprint of a row's values for the form's fields."""
        self.seen.data = fingerprint({name: getattr(row, name) for name in self.values})

    def conflict_context(self, stale: StaleForm, other: FingerprintForm) -> dict[str, Any]:
        """Return the template context for a stale form, which overwrites the row if sent again.

        `other` is a form with the saved values.
        """
        self.seen.data = fingerprint(stale.saved)
        return {"saved_values": self.differences(other), "status": 409}

    def differences(self, other: FingerprintForm) -> dict[str, str]:
        """Return the displayed saved values of fields that differ, by label."""
        return {
            str(field.label.text): _shown(other[field.name])
            for field in self
            if field.name in self.values and field.data != other[field.name].data
        }


class DatedForm(FingerprintForm):
    """A form that validates dates against the user's local `today`."""

    def __init__(self, *, today: dt.date, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.today = today


def fingerprint(values: Mapping[str, Any]) -> str:
    """Return a short hash of the values."""
    text = json.dumps(dict(values), sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def check_fingerprint(seen: str, saved: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise StaleForm if `saved` changed since the form was opened and differs from `values`.

    An empty `seen` skips the check.
    """
    if seen and seen != fingerprint(saved) and saved != values:
        raise StaleForm(saved)


def _shown(field: Field) -> str:
    """Return a field's value for display."""
    if choices := getattr(field, "iter_choices", None):
        return next((str(label) for value, label, *_more in choices() if value == field.data), "–")
    if isinstance(field.data, dt.date | PartialDate):
        return date_filter(field.data)
    return field._value() or "–"
