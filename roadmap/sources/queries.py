"""Collect what the content of other rooms cites."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.career_plans.queries import career_content
from roadmap.catalog.queries import published_roadmaps, role_fit
from roadmap.core.i18n import gettext as _
from roadmap.credentials.queries import credential_content
from roadmap.practice.queries import question_bank
from roadmap.time_budget.queries import time_content
from roadmap.tools.queries import tool_content

if TYPE_CHECKING:
    from roadmap.catalog.sources import Source
    from roadmap.market.content import Market

# In every content file, the key of the guide that Cairn grew out of.
GUIDE = "guide"


@dataclass(frozen=True, slots=True)
class CitingPage:
    """A page whose content cites sources; the guide is not among its `sources`."""

    title: str
    url: str
    cites_guide: bool
    sources: tuple[Source, ...]

    @classmethod
    def of(cls, title: str, url: str, sources: Iterable[Source]) -> CitingPage:
        found = tuple(sources)
        others = tuple(each for each in found if each.key != GUIDE)
        return cls(title, url, len(others) < len(found), others)


def citing_pages(session: Session, market: Market) -> list[CitingPage]:
    """Return the pages whose content cites sources, in the order of the menu."""
    return [
        *(
            CitingPage.of(
                _("Is this for me: %(roadmap)s", roadmap=each.content.title),
                f"/roadmaps/{each.content.slug}/about",
                fit.sources,
            )
            for each in published_roadmaps(session)
            if (fit := role_fit(each.content.slug))
        ),
        CitingPage.of(_("Career"), "/career/direction", career_content().sources),
        CitingPage.of(_("Credentials"), "/credentials", credential_content().sources),
        CitingPage.of(_("Tools"), "/tools", tool_content().sources),
        CitingPage.of(_("Interview practice"), "/practice", question_bank().sources),
        CitingPage.of(_("The week"), "/time", time_content().sources),
        CitingPage.of(_("Pay and demand"), "/market", market.sources),
    ]
