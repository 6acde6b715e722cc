"""The market page."""

from __future__ import annotations

from flask import render_template, request

from roadmap.core.database import db
from roadmap.market import queries, routes_offers
from roadmap.market.blueprint import market
from roadmap.market.presentation import StateTable
from roadmap.people.permissions import permit

__all__ = ["market", "routes_offers"]


@market.get("/market")
@permit("market.read")
def overview() -> str:
    # Pydantic comes with the first page that needs it: the start does not wait for it.
    from roadmap.market.content import market_content

    content = market_content()
    series = queries.series(db.session, content)
    chosen = next((each for each in series if each.key == request.args.get("figures")), series[0])
    table = StateTable.of(content, chosen, by_pay=request.args.get("order") == "pay")
    return render_template("market/market.html", market=content, series=series, table=table)
