"""Evidence was submitted again after a review."""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup

from roadmap.notifications.kind import Content, EvidenceKind, insert_values


class Resubmitted(EvidenceKind):
    """Written instead of `submitted`, which follows the events of both."""

    key = "resubmitted"

    def sentence(self, content: Content, link: Markup) -> Markup:
        text = _("%(who)s asks for another review of %(piece)s")
        return insert_values(text, who=content.actor_name, piece=link)

    def mail_texts(self, content: Content) -> tuple[str, str]:
        words = {"name": content.actor_name, "title": content.title}
        return (
            _("%(name)s asks you to review “%(title)s” again", **words),
            _("%(name)s submitted “%(title)s” again and asks for another review.", **words),
        )
