"""The page of sources."""

from __future__ import annotations

from flask import Blueprint, render_template

from roadmap.core.database import db
from roadmap.people.permissions import permit
from roadmap.sources import queries

sources = Blueprint("sources", __name__)


@sources.get("/sources")
@permit("source.read")
def overview() -> str:
    # Imported here, so that Pydantic does not slow down the start of the application.
    from roadmap.market.content import market_content

    market = market_content()
    return render_template(
        "sources/sources.html",
        origin=market.origin,
        pages=queries.pages_with_sources(db.session, market),
    )
