"""Collect the sources cited by the content of other packages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.career_plans.queries import career_content
from roadmap.catalog.queries import published_roadmaps, role_fit
from roadmap.core.i18n import _
from roadmap.credentials.queries import credential_content
from roadmap.practice.queries import question_bank
from roadmap.time_budget.queries import time_content
from roadmap.tools.queries import tool_content

if TYPE_CHECKING:
    from roadmap.catalog.sources import Source
    from roadmap.market.content import Market


def pages_with_sources(session: Session, market: Market) -> list[tuple[str, str, Sequence[Source]]]:
    """Return (title, path, sources) of the pages that cite sources, in menu order."""
    abouts = [
        (
            _("Is this for me: %(roadmap)s", roadmap=each.content.title),
            f"/roadmaps/{each.content.slug}/about",
            fit.sources,
        )
        for each in published_roadmaps(session)
        if (fit := role_fit(each.content.slug))
    ]
    return [
        *abouts,
        (_("Career"), "/career/direction", career_content().sources),
        (_("Credentials"), "/credentials", credential_content().sources),
        (_("Tools"), "/tools", tool_content().sources),
        (_("Interview practice"), "/practice", question_bank().sources),
        (_("The week"), "/time", time_content().sources),
        (_("Pay and demand"), "/market", market.sources),
    ]
