"""A reviewer returned evidence, for its author."""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup

from roadmap.notifications.kind import Content, insert_values
from roadmap.notifications.kinds.verified import Verified


class Returned(Verified):
    key = "returned"
    follows = frozenset({"evidence.returned"})

    def sentence(self, content: Content, link: Markup) -> Markup:
        text = _("%(who)s returned %(piece)s")
        return insert_values(text, who=content.actor_name, piece=link)

    def mail_texts(self, content: Content) -> tuple[str, str]:
        words = {"name": content.actor_name, "title": content.title}
        subject = _("%(name)s returned “%(title)s”", **words)
        if not content.quote:
            return subject, _("%(name)s returned your evidence “%(title)s”.", **words)
        return subject, _(
            "%(name)s returned your evidence “%(title)s” and said what is missing.", **words
        )
