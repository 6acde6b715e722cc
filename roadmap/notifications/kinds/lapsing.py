"""Evidence of the reader lapses soon. Sent by `lapses`, not by an event."""

from __future__ import annotations

from typing import Any

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _l, date_filter
from roadmap.notifications.kind import Content, EvidenceKind


class Lapsing(EvidenceKind):
    key = "lapsing"
    text = _l("%(piece)s stops counting after %(day)s")
    mail_subject = _l("“%(title)s” expires on %(day)s")
    mail_text = _l(
        "Your evidence “%(title)s” stops counting after %(day)s. Once you have renewed it, enter "
        "the new dates."
    )

    def text_arguments(self, content: Content, link: str) -> dict[str, Any]:
        day = date_filter(PartialDate(content.data["expires_on"]))
        return {**super().text_arguments(content, link), "day": day}

    def path(self, content: Content) -> str:
        """Return the path of the edit form, prepared for a renewal."""
        return f"{super().path(content)}/edit?renew=1"
