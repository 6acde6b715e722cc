"""The form of a review."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from roadmap.core.text import clean_multiline
from roadmap.evidence import labels
from roadmap.evidence.constants import DECISIONS
from roadmap.evidence.forms import CheckboxListField, parse_uuid
from roadmap.evidence.rules import MAX_LENGTHS
from roadmap.people.labels import BASES, DEFAULT_BASIS


class JudgementForm(FlaskForm):
    """What a reviewer decides; the decision is the button that was pressed."""

    comment = TextAreaField(_("Comment on your decision"), filters=[clean_multiline])
    basis = SelectField(
        _("What it rests on"),
        [DataRequired()],
        choices=[SelectChoice(*each) for each in BASES.items()],
        default=DEFAULT_BASIS,
        validate_choice=False,
    )
    milestones = CheckboxListField(_("Milestones"))
    # Version and title on the page that the reviewer read.
    version_id = HiddenField(filters=[parse_uuid])
    read_title = HiddenField()
    decision = HiddenField()

    def judge(self) -> bool:
        """Tell whether it can be recorded; otherwise each field has its errors.

        Returning needs a comment: without one the author would not know what is missing.
        """
        self.validate()
        text = self.comment.data or ""
        if self.basis.data not in BASES:
            self.basis.errors = [str(labels.REFUSAL_MESSAGES["no_such_basis"])]
        if self.decision.data not in DECISIONS:
            self.comment.errors = [str(labels.REFUSAL_MESSAGES["no_such_decision"])]
        elif self.decision.data == "returned" and not text:
            required = _("Say what is missing: the author sees this and works from it.")
            self.comment.errors = [str(required)]
        elif len(text) > MAX_LENGTHS["comment"]:
            self.comment.errors = [str(labels.ERROR_MESSAGES["comment_too_long"])]
        return not self.errors

    @property
    def read_version(self) -> uuid.UUID:
        """Return the version that was on the page, or no version's id."""
        return self.version_id.data or uuid.UUID(int=0)
