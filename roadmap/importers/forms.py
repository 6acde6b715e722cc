"""Forms for file uploads and site logins."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, StopValidation

from roadmap.core.dates import months_later
from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line
from roadmap.importers.importer import SiteImporter

# None of the code hosts existed before.
EARLIEST_DAY = dt.date(2005, 1, 1)


class FileForm(FlaskForm):
    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l("Up to 1 MB. It is kept for a day at most, until you import or discard it."),
    )


class LoginForm(FlaskForm):
    """A login on an external site, and a start date if the importer uses one."""

    login = StringField(
        _l("User name"),
        [InputRequired(_l("Enter the user name."))],
        filters=[clean_line],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    since = DateField(
        _l("Since"),
        [InputRequired(_l("Enter the day to start from."))],
        invalid_value_message=_l("Enter the date as year-month-day, such as 2026-11-30."),
    )

    def __init__(self, importer: SiteImporter, *, today: dt.date, **more: Any) -> None:
        super().__init__(data={"since": months_later(today, -12)}, **more)
        self.importer, self.today = importer, today
        self.login.label.text = importer.login_label
        self.login.description = importer.login_help
        if not importer.asks_since:
            del self.since

    def validate_login(self, field: StringField) -> None:
        if not self.importer.clean_login(field.data):
            raise StopValidation(
                _(
                    "This does not look like a name on %(host)s: check the spelling.",
                    host=self.importer.title,
                )
            )

    def validate_since(self, field: DateField) -> None:
        if field.data and field.data > self.today:
            raise StopValidation(_("This day is in the future."))
        if field.data and field.data < EARLIEST_DAY:
            raise StopValidation(_("This is before 2005; check the year."))
