"""The form of a judgement."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField

from roadmap.core.text import clean_multiline
from roadmap.evidence import labels
from roadmap.evidence.constants import DECISIONS
from roadmap.evidence.forms import CheckboxListField
from roadmap.evidence.rules import MAX_LENGTHS

COMMENT_REQUIRED = _("Say what is missing: the author sees this, and works from it.")


class JudgementForm(FlaskForm):
    """What a reviewer says: the decision is the button that was pressed."""

    comment = TextAreaField(_("Comment to the decision"), filters=[clean_multiline])
    milestones = CheckboxListField(_("Milestones"))
    version_id = HiddenField()
    # What the piece was called on the page that was read.
    read_title = HiddenField()
    decision = HiddenField()

    def judge(self) -> bool:
        """Whether it can be recorded; otherwise each fault stands at its field.

        Who returns a piece says what is missing: its author has nothing to go by otherwise.
        """
        self.validate()
        text = self.comment.data or ""
        if self.decision.data not in DECISIONS:
            self.comment.errors = [str(labels.REFUSAL_MESSAGES["no_such_decision"])]
        elif self.decision.data == "returned" and not text:
            self.comment.errors = [str(COMMENT_REQUIRED)]
        elif len(text) > MAX_LENGTHS["comment"]:
            self.comment.errors = [str(labels.ERROR_MESSAGES["comment_too_long"])]
        return not self.errors

    @property
    def read_version(self) -> uuid.UUID:
        """The version that was on the page; one that cannot be read is no version of this piece."""
        try:
            return uuid.UUID(self.version_id.data or "")
        except ValueError:
            return uuid.UUID(int=0)
