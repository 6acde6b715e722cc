"""A reviewer undid the return of evidence. Sent to its author."""

from __future__ import annotations

from roadmap.core.i18n import _l
from roadmap.notifications.kinds.taken_back import TakenBack


class ReturnTakenBack(TakenBack):
    key = "return_taken_back"
    handled_actions = frozenset({"evidence.return_withdrawn"})
    text = _l("%(who)s undid the return of %(piece)s. It is waiting for review again.")
    mail_subject = _l("%(who)s undid the return of “%(title)s”")
    mail_text = _l(
        "%(who)s undid the return of your evidence “%(title)s”. It is waiting for review "
        "again. They wrote: “%(quote)s”"
    )
