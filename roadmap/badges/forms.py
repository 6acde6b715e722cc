"""The form of the public verification page."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField, TextAreaField

from roadmap.badges.rules import MAX_BADGE_LENGTH
from roadmap.core.fields import at_most
from roadmap.core.i18n import _l
from roadmap.core.text import clean_line


class VerifyForm(FlaskForm):
    """A badge as text or file, and optionally the email address of its expected recipient."""

    badge = TextAreaField(
        _l("Badge"),
        description=_l(
            "The contents of the file: JSON, or a JWT, which is one long line. Or the address of a "
            "badge that was issued here."
        ),
        render_kw={"spellcheck": "false", "autocapitalize": "none", "class": "code"},
    )
    file = FileField(
        _l("Or its file"),
        description=_l("The .json or .jwt file, up to 300 kB. It is not stored."),
    )
    email = StringField(
        _l("Person's e-mail address"),
        [at_most(320)],
        filters=[clean_line],
        description=_l(
            "Checks whether the badge was issued to this address. The address is not stored."
        ),
        render_kw={"inputmode": "email", "autocomplete": "off"},
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Require text or a file, and store its content in `text`."""
        valid: bool = super().validate(extra_validators)
        if self.file.data:
            data = self.file.data.read(MAX_BADGE_LENGTH * 4 + 1)
            self.text = data.decode("utf-8", "replace")
        else:
            self.text = self.badge.data or ""
        if not self.text.strip():
            self.badge.errors = [*self.badge.errors, _l("Paste a badge, or choose its file.")]
            return False
        return valid
