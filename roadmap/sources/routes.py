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
    # Pydantic comes with the first page that needs it: the start does not wait for it.
    from roadmap.market.content import market_content

    market = market_content()
    return render_template(
        "sources/sources.html",
        origin=market.origin,
        pages=queries.citing_pages(db.session, market),
    )
