"""Evidence was submitted again after a review."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.kind import EvidenceKind


class Resubmitted(EvidenceKind):
    """Created by `Submitted`, which handles the events of both kinds."""

    key = "resubmitted"
    text = _l("%(who)s asks for another review of %(piece)s")
    mail_subject = _l("%(who)s asks you to review “%(title)s” again")
    mail_text = _l("%(who)s submitted “%(title)s” again and asks for another review.")
