"""Forms for reviewing one or many items and for withdrawing a review."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, Length

from roadmap.core.i18n import _l
from roadmap.core.text import clean_line, clean_multiline, parse_uuid
from roadmap.evidence import labels
from roadmap.evidence.constants import DECISIONS
from roadmap.evidence.forms import CheckboxListField
from roadmap.evidence.rules import MAX_LENGTHS, InvalidInput
from roadmap.people.labels import BASES

NO_BASIS = labels.REFUSAL_MESSAGES["no_such_basis"]


@dataclass(frozen=True, slots=True)
class SelectedItem:
    """A selected item, with the version and the title that were shown to the reviewer."""

    id: uuid.UUID
    version_id: uuid.UUID
    title: str


class SelectedItemsField(Field):
    """The selected items. Each is one form part, because the number of form parts is limited."""

    def process_formdata(self, valuelist: list[str]) -> None:
        found = [_parse_selected_item(value) for value in valuelist]
        # Drop duplicates.
        self.data = list({each.id: each for each in found if each is not None}.values())


def _parse_selected_item(value: str) -> SelectedItem | None:
    key, _space, rest = value.partition(" ")
    version, _space, title = rest.partition(" ")
    key_id, version_id = parse_uuid(key), parse_uuid(version)
    if key_id is None or version_id is None:
        return None
    return SelectedItem(key_id, version_id, clean_line(title))


class BulkReviewForm(FlaskForm):
    """The items of a user that a reviewer verifies at once, with the basis and a comment."""

    pieces = SelectedItemsField(
        _l("Evidence"), [DataRequired(_l("Select at least one piece to verify."))], default=list
    )
    basis = SelectField(
        _l("Basis for your decision"),
        [DataRequired(NO_BASIS), AnyOf(BASES, NO_BASIS)],
        choices=[
            SelectChoice("", _l("Choose one")),
            *(SelectChoice(*each) for each in BASES.items()),
        ],
        validate_choice=False,
    )
    comment = TextAreaField(
        _l("Comment on all of them"),
        [Length(max=MAX_LENGTHS["comment"], message=labels.ERROR_MESSAGES["comment_too_long"])],
        filters=[clean_multiline],
    )


class WithdrawalForm(FlaskForm):
    """The review to withdraw, and the reason."""

    review_id = HiddenField(filters=[parse_uuid])
    reason = StringField(_l("Why you undo it"), [DataRequired()])

    def add_errors(self, error: InvalidInput) -> None:
        self.reason.errors = [str(labels.ERROR_MESSAGES[each.code]) for each in error.errors]


class ReviewForm(FlaskForm):
    """A review. The pressed button sends the decision, or, for a verification, its basis."""

    comment = TextAreaField(_l("Comment on your decision"), filters=[clean_multiline])
    basis = HiddenField()
    milestones = CheckboxListField(_l("Milestones"))
    # The version and title that were shown to the reviewer.
    version_id = HiddenField(filters=[parse_uuid])
    read_title = HiddenField()
    decision = HiddenField()

    def check_input(self) -> bool:
        """Validate the form and add errors to its fields; return whether it is valid.

        A return requires a comment, because the author must know what is missing.
        """
        self.validate()
        text = self.comment.data or ""
        if self.basis.data and not self.decision.data:
            self.decision.data = "verified"
        if self.decision.data == "verified" and self.basis.data not in BASES:
            self.comment.errors = [str(labels.REFUSAL_MESSAGES["no_such_basis"])]
        elif self.decision.data not in DECISIONS:
            self.comment.errors = [str(labels.REFUSAL_MESSAGES["no_such_decision"])]
        elif self.decision.data == "returned" and not text:
            required = _l("Say what is missing: the author sees this and works from it.")
            self.comment.errors = [str(required)]
        elif len(text) > MAX_LENGTHS["comment"]:
            self.comment.errors = [str(labels.ERROR_MESSAGES["comment_too_long"])]
        return not self.errors

    @property
    def read_version(self) -> uuid.UUID:
        """Return the id of the version that was shown, or the nil UUID."""
        return self.version_id.data or uuid.UUID(int=0)
