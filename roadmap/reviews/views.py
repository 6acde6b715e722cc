"""The queue of a manager. The page on which a piece is judged stands in `views_piece.py`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import render_template, request
from flask_login import current_user

from roadmap.core.database import db
from roadmap.core.web import now, wants_fragment
from roadmap.evidence import labels
from roadmap.people.access import permit
from roadmap.reviews import views_piece
from roadmap.reviews.asked import asked_filters, given
from roadmap.reviews.blueprint import reviews
from roadmap.reviews.queries import Judged, Waiting, choices, count_waiting, judged, waiting

__all__ = ["reviews", "views_piece"]

A_PAGE = 50


@reviews.get("/reviews")
@permit("review.read")
def index() -> str:
    """What waits, the oldest first; for htmx the part of it that filters change."""
    filters = asked_filters()
    page = _page_number()
    most, offset = A_PAGE + 1, (page - 1) * A_PAGE
    rows: Sequence[Waiting | Judged]
    if filters.show == "judged":
        rows = judged(db.session, current_user, filters, now=now(), limit=most, offset=offset)
    else:
        rows = waiting(db.session, current_user, filters, limit=most, offset=offset)
    shown = {
        "rows": rows[:A_PAGE],
        "filters": filters,
        "given": given(),
        "pages": {
            "previous": _at(page - 1) if page > 1 else None,
            "next": _at(page + 1) if len(rows) > A_PAGE else None,
        },
        "page": page,
        "now": now(),
        "labels": labels,
    }
    if wants_fragment():
        return render_template("reviews/_queue.html", **shown)
    return render_template(
        "reviews/index.html",
        **shown,
        total=count_waiting(db.session, current_user),
        choices=choices(db.session, current_user),
    )


def _page_number() -> int:
    text = request.args.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _at(page: int) -> str:
    return f"/reviews?{urlencode({**given(), 'page': page})}"
