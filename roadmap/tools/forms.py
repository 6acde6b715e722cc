"""The form and labels of a tool record."""

from __future__ import annotations

from wtforms import SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, Length, Optional

from roadmap.core.fields import PastDateField
from roadmap.core.i18n import _l
from roadmap.core.stale_forms import DatedForm
from roadmap.core.text import clean_multiline
from roadmap.tools.models import INTERESTS, LEVELS

STATUS_LABELS = {
    "active": _l("Active"),
    "dormant": _l("Dormant"),
    "legacy": _l("Legacy"),
    "retired": _l("Retired"),
}
# Earlier years are typos.
EARLIEST_YEAR = 1980
LEVEL_LABELS = {
    "": _l("Not specified"),
    "tried": _l("Tried it"),
    "used": _l("Used it in a project"),
    "production": _l("Ran it in production"),
    "asked": _l("Others ask me about it"),
}
INTEREST_LABELS = {
    "": _l("Not specified"),
    "learn": _l("Want to learn it"),
    "deepen": _l("Want to use it more"),
    "leave": _l("Would rather not use it"),
}
CHOOSE_ONE = _l("Choose one of the options.")


class ToolForm(DatedForm):
    level = SelectField(
        _l("How well you know it"),
        [AnyOf(LEVELS, message=CHOOSE_ONE)],
        choices=[SelectChoice(key, label) for key, label in LEVEL_LABELS.items()],
        validate_choice=False,
    )
    interest = SelectField(
        _l("Interest"),
        [AnyOf(INTERESTS, message=CHOOSE_ONE)],
        choices=[SelectChoice(key, label) for key, label in INTEREST_LABELS.items()],
        validate_choice=False,
    )
    last_used = PastDateField(
        _l("Last used"),
        [Optional()],
        description=_l("A year or a month is enough."),
        earliest_year=EARLIEST_YEAR,
    )
    note = TextAreaField(
        _l("Note"),
        [Optional(), Length(max=2000, message=_l("At most %(max)d characters."))],
        filters=[clean_multiline],
    )
