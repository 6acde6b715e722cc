"""The forms of an answer, one for stories and one for everything else, and of a rating."""

from __future__ import annotations

import uuid

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SearchField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError

from roadmap.core.fields import at_most, parse_whole_number
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.text import clean_line, clean_multiline
from roadmap.evidence.forms import CheckboxListField, parse_uuid
from roadmap.practice.models import RATINGS, Answer

MAX_CITED = 10


def _text(label: str, help_text: str, most: int = 4000) -> TextAreaField:
    return TextAreaField(
        label, [Optional(), at_most(most)], filters=[clean_multiline], description=help_text
    )


def _rating(label: str) -> RadioField:
    return RadioField(
        label,
        [InputRequired(_l("Choose one of the four levels."))],
        choices=[SelectChoice(str(level), str(level)) for level in RATINGS],
    )


class AnswerForm(FlaskForm):
    """What all answers share. `seen` is the revision that the form shows, 0 where none is saved."""

    form_name = ""
    # The fields of its texts.
    texts_of: tuple[str, ...] = ()
    # The revision that saving again replaces, where another form was faster.
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
        """Return what is written, by the name of its field."""
        given = {name: self[name].data or "" for name in self.texts_of}
        return {name: text for name, text in given.items() if text}

    @property
    def revision(self) -> int:
        return parse_whole_number(self.seen.data) or 0

    def differences(self, saved: Answer) -> dict[str, str]:
        """Return the saved texts that differ from those of the form, by label."""
        mine = self.texts
        return {
            self[name].label.text: saved.texts.get(name, "–")
            for name in self.texts_of
            if saved.texts.get(name) != mine.get(name)
        }


class StarForm(AnswerForm):
    form_name = "star"
    texts_of = ("situation", "task", "action", "result")
    situation = _text(_l("Situation"), _l("Where and when it was, and what was at stake."))
    task = _text(_l("Task"), _l("What you were responsible for."))
    action = _text(_l("Action"), _l("What you did and decided, in the first person."))
    result = _text(_l("Result"), _l("What came of it, with a number, and what you learned."))


class OutlineForm(AnswerForm):
    form_name = "outline"
    texts_of = ("outline",)
    outline = _text(
        _l("Outline"), _l("Your points in the order in which you would say them."), 12_000
    )


FORMS: dict[str, type[AnswerForm]] = {"star": StarForm, "outline": OutlineForm}


def answer_form(form_name: str, saved: Answer | None) -> AnswerForm:
    """Return the form as it was sent, else with what is saved."""
    if saved is None:
        return FORMS[form_name](data={"seen": 0})
    cites = [str(each.evidence_id) for each in saved.citations]
    return FORMS[form_name](data={**saved.texts, "seen": saved.revision, "cites": cites})


def labelled_texts(answer: Answer | None) -> list[tuple[str, str]]:
    """Return what is written of an answer, by label, in the order of its form."""
    if answer is None:
        return []
    form = FORMS[answer.form](formdata=None)
    given = [name for name in form.texts_of if name in answer.texts]
    return [(str(form[name].label.text), answer.texts[name]) for name in given]


class RatingForm(FlaskForm):
    """How good an attempt was, by the four levels of the rubric."""

    rating = _rating(_l("How good was it?"))
    note = _text(
        _l("Note to yourself"), _l("What was missing, and what you will say next time."), 2000
    )


class PeerRatingForm(FlaskForm):
    """What a peer says of an answer. `seen` is the revision that the page shows."""

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
