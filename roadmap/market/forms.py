"""The offer form and its fields."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from flask_babel import LazyString
from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import InputRequired, Optional, Regexp, StopValidation

from roadmap.core.fields import ParsedField, WholeNumberField, at_most
from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line
from roadmap.market.rules import OfferTerms

MAX_AMOUNT = 999_999_999
BASE_REQUIRED = _l("Enter the base salary as a whole amount, such as 150,000.")
NUMERIC = {"inputmode": "numeric", "autocomplete": "off", "class": "date"}
# 150000, 150,000, 150.000, 150'000 and 150 000.
GROUPED = re.compile(r"\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+")


class AmountField(ParsedField):
    """A whole amount of money of at most nine digits, with or without thousands separators."""

    data: int | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, render_kw=NUMERIC, **kwargs)

    def parse(self, typed: str) -> int:
        digits = re.sub(r"\D", "", typed) if GROUPED.fullmatch(typed) else typed
        if not re.fullmatch(r"[0-9]{1,9}", digits):
            raise ValueError(_("Enter a whole amount without cents, such as 150,000."))
        return int(digits)

    def format(self, value: int) -> str:
        return str(value or "")


class NumberBetween:
    """Require a number within the limits, with a single error message."""

    field_flags = {"required": True}

    def __init__(self, low: int, high: int, message: LazyString) -> None:
        self.low, self.high, self.message = low, high, message

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        if field.data is None or not self.low <= field.data <= self.high:
            field.errors = []
            raise StopValidation(self.message)


def _number(label: LazyString, low: int, high: int) -> WholeNumberField:
    message = _l("Enter a number from %(low)d to %(high)d.", low=low, high=high)
    return WholeNumberField(label, [NumberBetween(low, high, message)], render_kw=NUMERIC)


def currency_field() -> StringField:
    return StringField(
        _l("Currency"),
        [
            InputRequired(_l("Which currency?")),
            Regexp("^[A-Z]{3}$", message=_l("Three letters, such as USD or EUR.")),
        ],
        filters=[lambda text: clean_line(text).upper() if text else text],
        render_kw={"class": "date", "autocomplete": "off"},
        default="USD",
    )


class OfferForm(FlaskForm):
    """The terms of an offer. The name is required only to save it."""

    name = StringField(_l("Name"), [Optional(), at_most(200)], filters=[clean_line])
    currency = currency_field()
    base = AmountField(
        _l("Base salary a year"),
        [NumberBetween(1, MAX_AMOUNT, BASE_REQUIRED)],
    )
    bonus = AmountField(_l("Bonus a year"))
    sign_on = AmountField(_l("Sign-on bonus"))
    equity = AmountField(_l("Equity, the whole grant"))
    vesting_years = _number(_l("Years of vesting"), 1, 10)
    cliff_months = _number(_l("Cliff in months"), 0, 36)

    @property
    def terms(self) -> OfferTerms:
        """Return the entered terms. The form must be valid."""
        return OfferTerms(**{each.name: self[each.name].data or 0 for each in fields(OfferTerms)})
