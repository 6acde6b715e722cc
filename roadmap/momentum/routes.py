"""The page of progress over time, visible only to the person."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.web import now, render_page
from roadmap.momentum import presentation, queries, rules
from roadmap.people.permissions import permit
from roadmap.progress.pages import enrollment_or_redirect
from roadmap.readiness.summaries import load_own_summary

momentum = Blueprint("momentum", __name__)


@momentum.get("/roadmaps/<slug>/progress")
@permit("snapshot.read")
def page(slug: str) -> Response:
    """Show effort and score over a period (`?period=90-days`) and a year (`?year=2026`)."""
    mine = enrollment_or_redirect(current_user.id, slug)
    today = current_user.today(now())
    period = request.args.get("period", "")
    if period not in rules.PERIODS:
        period = "year"
    series = queries.load_series(db.session, current_user.id, mine.roadmap_id)
    if (own := load_own_summary(db.session, current_user.id, mine, today)) is not None:
        # Use the current figures for today, because the last snapshot may be older.
        figures = rules.figures_of_summary(own)
        series = [each for each in series if each[0] < today] + [(today, figures)]
    first = rules.first_day(period, today)
    points = rules.sample(series, first, today)
    rows = rules.changes(series, first)[::-1]
    begun = queries.first_change(db.session, current_user.id)
    first_year = current_user.today(begun).year if begun else today.year
    year = _year(first_year, today)
    counts = queries.changes_by_day(db.session, current_user.id, year, current_user.zone)
    return render_page(
        "momentum/progress.html",
        roadmap=mine,
        today=today,
        period=period,
        points=points,
        rows=rows[: rules.MAX_ROWS],
        has_more_rows=len(rows) > rules.MAX_ROWS,
        most_rows=rules.MAX_ROWS,
        say=presentation,
        year=year,
        counts=counts,
        first_year=first_year,
    )


def _year(first: int, today: dt.date) -> int:
    """Return the year in the URL, or the current one."""
    year = request.args.get("year", today.year, type=int)
    return year if first <= year <= today.year else today.year
