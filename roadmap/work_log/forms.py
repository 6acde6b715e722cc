"""The form of a work log line."""

from __future__ import annotations

import datetime as dt
from typing import Any

from wtforms import StringField
from wtforms.validators import DataRequired

from roadmap.core.fields import PastDayField, at_most
from roadmap.core.i18n import _l
from roadmap.core.stale_forms import DatedForm
from roadmap.core.text import clean_line


class EntryForm(DatedForm):
    """A line about a day up to today. The default is today."""

    text = StringField(
        _l("What did you ship? Whom did you help?"),
        [DataRequired(_l("Write what you did.")), at_most(500)],
        filters=[clean_line],
    )
    day = PastDayField(_l("Day"))

    def __init__(self, *, today: dt.date, **more: Any) -> None:
        super().__init__(today=today, **more)
        # The dashboard's form has no day field.
        if self.day.data is None and not (self.day.raw_data or [""])[0].strip():
            self.day.data, self.day.process_errors = today, []
