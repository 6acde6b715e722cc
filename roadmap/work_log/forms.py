"""The form of a line of the work log."""

from __future__ import annotations

import datetime as dt
from typing import Any

from wtforms import StringField
from wtforms.validators import DataRequired

from roadmap.core.fields import PastDayField, at_most
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.stale_forms import SeenForm
from roadmap.core.text import clean_line


class EntryForm(SeenForm):
    """One line about a day that has begun; today where none is named."""

    text = StringField(
        _l("What did you ship? Whom did you help?"),
        [DataRequired(_l("Write what you did.")), at_most(500)],
        filters=[clean_line],
    )
    day = PastDayField(_l("Day"))

    def __init__(self, *, today: dt.date, **more: Any) -> None:
        super().__init__(**more)
        self.today = today
        # The dashboard asks for the line alone.
        if self.day.data is None and not (self.day.raw_data or [""])[0].strip():
            self.day.data, self.day.process_errors = today, []
