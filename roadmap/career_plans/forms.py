"""Plan forms, generated from the content's questions, and the reflection form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, NumberRange, Optional

from roadmap.career_plans.models import CareerPlan
from roadmap.career_plans.rules import REVIEW_ON, is_review_missing, is_review_past
from roadmap.core.fields import PlainDecimalField, at_most, parse_whole_number
from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_multiline

if TYPE_CHECKING:
    from roadmap.career_plans.content import Question

MAX_ANSWER_LENGTH = 4000
MAX_NUMBER = 100_000_000


class PlanForm(FlaskForm):
    """Base of the plan forms. `seen` is the revision shown, 0 for a new plan."""

    seen = HiddenField()
    # Form field names by question key.
    names: dict[str, str] = {}
    saved_answers: dict[str, str]
    today: dt.date

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if is_review_missing(self.answers):
            problem = _("“Not yet” needs a day on which to look at it again.")
        elif is_review_past(self.answers, self.saved_answers, self.today):
            problem = _("This day is in the past. Enter a future day.")
        else:
            return True
        self.answer_field(REVIEW_ON).errors = [problem]
        return False

    @property
    def revision(self) -> int:
        return parse_whole_number(self.seen.data) or 0

    @property
    def answers(self) -> dict[str, str]:
        """Return the non-empty answers in stored format."""
        given = {key: self[name].data for key, name in self.names.items()}
        return {key: _serialize(value) for key, value in given.items() if value not in (None, "")}

    def answer_field(self, key: str) -> Field:
        """Return the form field of a question."""
        return self[self.names[key]]

    def differences(self, saved: CareerPlan) -> dict[str, str]:
        """Return the saved answers that differ from the form's, by label."""
        mine = self.answers
        return {
            self[name].label.text: saved.answers.get(key, "–")
            for key, name in self.names.items()
            if saved.answers.get(key) != mine.get(key)
        }


class ReflectionForm(FlaskForm):
    text = TextAreaField(
        _l("Your reflection"),
        [DataRequired(_l("Write at least one sentence.")), at_most(2000)],
        filters=[clean_multiline],
    )


def plan_form(
    questions: Sequence[Question], saved: CareerPlan | None, today: dt.date, **options: Any
) -> PlanForm:
    """Return a form with these questions, filled with the saved answers."""
    form_class = _form_class(tuple(questions))
    shown: dict[str, Any] = {"seen": saved.revision if saved else 0}
    for question in questions:
        answer = saved.answers.get(question.key) if saved else None
        if answer:
            shown[form_class.names[question.key]] = READERS.get(question.type, str)(answer)
    form = form_class(data=shown, **options)
    form.saved_answers, form.today = dict(saved.answers) if saved else {}, today
    return form


@cache
def _form_class(questions: tuple[Question, ...]) -> type[PlanForm]:
    """Return the form class for these questions."""
    # The prefix avoids conflicts with form attributes such as `data`.
    names = {question.key: f"answer_{question.key}" for question in questions}
    fields = {names[each.key]: _field(each) for each in questions}
    return type("AnswersForm", (PlanForm,), {**fields, "names": names})


def _field(question: Question) -> Any:
    label, more = question.text, {"description": question.help}
    match question.type:
        case "text":
            limit = at_most(MAX_ANSWER_LENGTH)
            return TextAreaField(label, [Optional(), limit], filters=[clean_multiline], **more)
        case "date":
            unreadable = _l("Enter the date as year-month-day, such as 2027-03-05.")
            return DateField(label, [Optional()], invalid_value_message=unreadable, **more)
        case "choice":
            known = AnyOf(question.options, message=_l("Choose one of the options."))
            choices = [
                SelectChoice("", "–"),
                *(SelectChoice(*[each] * 2) for each in question.options),
            ]
            return SelectField(
                label, [Optional(), known], choices=choices, validate_choice=False, **more
            )
    unreadable = _l("Enter a number without separators, such as 12000 or 4.5.")
    limit = NumberRange(0, MAX_NUMBER, _l("From 0 to %(max)d."))
    return PlainDecimalField(
        label, [Optional(), limit], places=None, invalid_value_message=unreadable, **more
    )


READERS: dict[str, Callable[[str], Any]] = {
    "date": dt.date.fromisoformat,
    "number": Decimal,
    "money": Decimal,
}


def _serialize(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
