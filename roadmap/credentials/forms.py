"""The form for the cost of a certification."""

from __future__ import annotations

from flask_wtf import FlaskForm

from roadmap.core.fields import WholeNumberField
from roadmap.core.i18n import _l
from roadmap.market.forms import NUMERIC, AmountField, NumberBetween, currency_field


class CostForm(FlaskForm):
    year = WholeNumberField(
        _l("Year"),
        [NumberBetween(1990, 2200, _l("Enter a year, such as 2026."))],
        render_kw=NUMERIC,
    )
    amount = AmountField(_l("What you paid"))
    currency = currency_field()
