"""Forms of answers (STAR stories and outlines) and of ratings."""

from __future__ import annotations

import uuid

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SearchField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError

from roadmap.core.fields import at_most, parse_whole_number
from roadmap.core.i18n import _l
from roadmap.core.text import clean_line, clean_multiline, parse_uuid
from roadmap.evidence.forms import CheckboxListField
from roadmap.practice.models import RATINGS, Answer

MAX_CITED = 10


def _text(label: str, help_text: str, max_length: int = 4000) -> TextAreaField:
    return TextAreaField(
        label, [Optional(), at_most(max_length)], filters=[clean_multiline], description=help_text
    )


def _rating(label: str) -> RadioField:
    return RadioField(
        label,
        [InputRequired(_l("Choose one of the four levels."))],
        choices=[SelectChoice(str(level), str(level)) for level in RATINGS],
    )


class AnswerForm(FlaskForm):
    """Base of the answer forms. `seen` is the revision shown, 0 for a new answer."""

    form_name = ""
    # Names of the text fields.
    text_fields: tuple[str, ...] = ()
    # The revision that saving again overwrites, after a conflict.
    replaces: int | None = None
    seen = HiddenField()
    cites = CheckboxListField(_l("Evidence it cites"))
    q = SearchField(_l("Search your evidence"), filters=[clean_line])

    def validate_cites(self, field: CheckboxListField) -> None:
        if len(self.cited_ids) > MAX_CITED:
            raise ValidationError(_l("Cite at most %(most)d pieces.", most=MAX_CITED))

    @property
    def cited_ids(self) -> list[uuid.UUID]:
        return [key for key in map(parse_uuid, self.cites.data) if key]

    @property
    def texts(self) -> dict[str, str]:
        """Return the non-empty texts by field name."""
        given = {name: self[name].data or "" for name in self.text_fields}
        return {name: text for name, text in given.items() if text}

    @property
    def revision(self) -> int:
        return parse_whole_number(self.seen.data) or 0

    def differences(self, saved: Answer) -> dict[str, str]:
        """Return the saved texts that differ from the form's, by label."""
        mine = self.texts
        return {
            self[name].label.text: saved.texts.get(name, "–")
            for name in self.text_fields
            if saved.texts.get(name) != mine.get(name)
        }


class StarForm(AnswerForm):
    form_name = "star"
    text_fields = ("situation", "task", "action", "result")
    situation = _text(_l("Situation"), _l("Where and when it was, and what was at stake."))
    task = _text(_l("Task"), _l("What you were responsible for."))
    action = _text(_l("Action"), _l("What you did and decided, in the first person."))
    result = _text(_l("Result"), _l("What came of it, with a number, and what you learned."))


class OutlineForm(AnswerForm):
    form_name = "outline"
    text_fields = ("outline",)
    outline = _text(
        _l("Outline"), _l("Your points in the order in which you would say them."), 12_000
    )


FORMS: dict[str, type[AnswerForm]] = {"star": StarForm, "outline": OutlineForm}


def answer_form(form_name: str, saved: Answer | None) -> AnswerForm:
    """Return the answer form, filled from the request or else from the saved answer."""
    if saved is None:
        return FORMS[form_name](data={"seen": 0})
    cites = [str(each.evidence_id) for each in saved.citations]
    return FORMS[form_name](data={**saved.texts, "seen": saved.revision, "cites": cites})


def labelled_texts(answer: Answer | None) -> list[tuple[str, str]]:
    """Return (label, text) pairs of an answer, in form order."""
    if answer is None:
        return []
    form = FORMS[answer.form](formdata=None)
    given = [name for name in form.text_fields if name in answer.texts]
    return [(str(form[name].label.text), answer.texts[name]) for name in given]


class RatingForm(FlaskForm):
    """A self-rating of an attempt, on the four levels of the rubric."""

    rating = _rating(_l("How good was it?"))
    note = _text(
        _l("Note to yourself"), _l("What was missing, and what you will say next time."), 2000
    )


class PeerRatingForm(FlaskForm):
    """A peer's rating of an answer. `seen` is the revision shown."""

    seen = HiddenField()
    rating = _rating(_l("How good is it?"))
    comment = _text(_l("Comment"), _l("What convinced you, and what was missing."), 2000)
    rater = StringField(
        _l("Your name"),
        [DataRequired(_l("Enter your name.")), at_most(100)],
        filters=[clean_line],
    )

    @property
    def revision(self) -> int | None:
        return parse_whole_number(self.seen.data)
