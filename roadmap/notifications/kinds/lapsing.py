"""A piece of evidence counts no more soon, for its owner. No event brings it, but the calendar."""

from __future__ import annotations

from flask_babel import get_locale
from markupsafe import Markup, escape

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.i18n import show_date
from roadmap.notifications.kind import Content, EvidenceKind, Mail


class Lapsing(EvidenceKind):
    key = "lapsing"
    text = _l("%(piece)s counts through %(day)s, and then no more")

    def sentence(self, content: Content, link: Markup) -> Markup:
        return escape(self.text) % {"piece": link, "day": _day(content)}

    def path(self, content: Content) -> str:
        """Lead to the form with the dates of a renewal, which is saved there."""
        return f"{super().path(content)}/edit?renew=1"

    def mail(self, content: Content) -> Mail:
        return Mail(
            _("“%(title)s” lapses on %(day)s", title=content.title, day=_day(content)),
            _(
                "Your evidence “%(title)s” counts through %(day)s, and then no more. Once you have "
                "renewed it, enter the new dates.",
                title=content.title,
                day=_day(content),
            ),
            _("You get this mail because it is about your evidence."),
            self.path(content),
        )


def _day(content: Content) -> str:
    return show_date(PartialDate(content.expires_on), str(get_locale() or "en"))
