"""What a person paid for a certification."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Regexp

from roadmap.core.numbers import WholeNumberField
from roadmap.core.text import clean_line
from roadmap.market.forms import AmountField, WholeBetween


class CostForm(FlaskForm):
    year = WholeNumberField(
        _l("Year"),
        [WholeBetween(1990, 2200, _l("Enter a year, such as 2026."))],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "class": "date"},
    )
    amount = AmountField(_l("What you paid"))
    currency = StringField(
        _l("Currency"),
        [
            InputRequired(_l("Which currency?")),
            Regexp("^[A-Z]{3}$", message=_l("Three letters, such as USD or EUR.")),
        ],
        filters=[lambda text: clean_line(text).upper() if text else text],
        render_kw={"class": "date", "autocomplete": "off"},
        default="USD",
    )
