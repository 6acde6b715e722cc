"""A reviewer returned evidence, for its author."""

from __future__ import annotations

from flask_babel import LazyString

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.notifications.kind import Content
from roadmap.notifications.kinds.verified import Verified


class Returned(Verified):
    key = "returned"
    follows = frozenset({"evidence.returned"})
    text = _l("%(who)s returned %(piece)s")
    mail_subject = _l("%(name)s returned “%(title)s”")
    mail_text = _l("%(name)s returned your evidence “%(title)s” and said what is missing.")
    mail_text_without_comment = _l("%(name)s returned your evidence “%(title)s”.")

    def choose_text(self, content: Content) -> LazyString:
        return self.mail_text if content.quote else self.mail_text_without_comment
