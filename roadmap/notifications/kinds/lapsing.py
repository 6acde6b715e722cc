"""A piece of evidence counts no more soon, for its owner. No event brings it, but the calendar."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.i18n import show_date
from roadmap.notifications.kind import Content, EvidenceKind


class Lapsing(EvidenceKind):
    key = "lapsing"
    text = _l("%(piece)s stops counting after %(day)s")
    mail_subject = _l("“%(title)s” expires on %(day)s")
    mail_text = _l(
        "Your evidence “%(title)s” stops counting after %(day)s. Once you have renewed it, enter "
        "the new dates."
    )

    def words(self, content: Content, link: str) -> dict[str, Any]:
        day = show_date(PartialDate(content.data["expires_on"]), str(get_locale() or "en"))
        return {**super().words(content, link), "day": day}

    def path(self, content: Content) -> str:
        """Lead to the form with the dates of a renewal, which is saved there."""
        return f"{super().path(content)}/edit?renew=1"
