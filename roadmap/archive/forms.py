"""The upload form for an archive."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from roadmap.core.i18n import _l


class ArchiveForm(FlaskForm):
    file = FileField(
        _l("Archive"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "A ZIP of up to 25 MB; the operator of this server can import a larger one. It is kept "
            "for a day at most, until you import it."
        ),
    )
