"""A reviewer returned evidence. Sent to its author."""

from __future__ import annotations

from flask_babel import LazyString

from roadmap.core.i18n import _l
from roadmap.notifications.kind import Content
from roadmap.notifications.kinds.verified import Verified


class Returned(Verified):
    key = "returned"
    handled_actions = frozenset({"evidence.returned"})
    text = _l("%(who)s returned %(piece)s")
    mail_subject = _l("%(who)s returned “%(title)s”")

    def choose_mail_text(self, content: Content) -> LazyString:
        if content.quote:
            return _l("%(who)s returned your evidence “%(title)s” and said what is missing.")
        return _l("%(who)s returned your evidence “%(title)s”.")
