"""Notice a form that is out of date: what it showed is changed or deleted."""

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
    """Another form saved something else since this one was opened; it carries what is saved."""

    def __init__(self, saved: Any) -> None:
        super().__init__()
        self.saved = saved


class RowDeleted(LookupError):
    """The row was deleted since it was loaded; the answer is 404."""


def refresh(session: Session, row: object, names: Iterable[str] | None = None) -> None:
    """Read a row again. Raises RowDeleted."""
    try:
        session.refresh(row, names)
    except sa.exc.InvalidRequestError as error:
        # Only a row that is gone: a transaction that has failed is a kind of this, too.
        if type(error) is not sa.exc.InvalidRequestError:
            raise
        raise RowDeleted from None


class SeenForm(FlaskForm):
    """A form with the fingerprint of what was saved when it was opened."""

    seen = HiddenField()

    @property
    def values(self) -> dict[str, Any]:
        """Return what the fields hold, by the name of each and of its column."""
        return {each.name: each.data for each in self if each.name not in ("seen", "csrf_token")}

    def note_shown(self, row: object) -> None:
        """Note what a row says in the columns of the form."""
        self.seen.data = fingerprint({name: getattr(row, name) for name in self.values})

    def refuse(self, stale: StaleForm, other: SeenForm) -> dict[str, Any]:
        """Return what a page shows of a form that is out of date; sent again it replaces the row.

        `other` is a form with the saved values.
        """
        self.seen.data = fingerprint(stale.saved)
        return {"late": self.differences(other), "status": 409}

    def differences(self, other: SeenForm) -> dict[str, str]:
        """Return what the fields of a form with the saved values show, where they differ."""
        return {
            str(field.label.text): _shown(other[field.name])
            for field in self
            if field.name in self.values and field.data != other[field.name].data
        }


class DatedForm(SeenForm):
    """A form whose dates are judged by the person's own `today`."""

    def __init__(self, *, today: dt.date, **more: Any) -> None:
        super().__init__(**more)
        self.today = today


def fingerprint(values: Mapping[str, Any]) -> str:
    """Return a short text that differs when the values differ."""
    text = json.dumps(dict(values), sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def check_seen(seen: str, saved: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise StaleForm where `saved` is not what the form showed, unless it sends the same.

    Without `seen` anything is saved.
    """
    if seen and seen != fingerprint(saved) and saved != values:
        raise StaleForm(saved)


def _shown(field: Field) -> str:
    """Return the value of a field as a person reads it."""
    if choices := getattr(field, "iter_choices", None):
        return next((str(label) for value, label, *_more in choices() if value == field.data), "–")
    if isinstance(field.data, dt.date | PartialDate):
        return date_filter(field.data)
    return field._value() or "–"
