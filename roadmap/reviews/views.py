"""The queue of a manager. The page on which a piece is judged stands in `views_piece.py`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from roadmap.core.database import db
from roadmap.core.web import now, page_number, wants_fragment
from roadmap.evidence import labels
from roadmap.people.access import permit
from roadmap.reviews import views_piece
from roadmap.reviews.asked import asked_filters, given
from roadmap.reviews.blueprint import reviews
from roadmap.reviews.queries import (
    Choices,
    Filters,
    Judged,
    Waiting,
    choices,
    count_judged,
    count_waiting,
    judged,
    waiting,
)

__all__ = ["reviews", "views_piece"]

A_PAGE = 50


@reviews.get("/reviews")
@permit("review.read")
def index() -> str:
    """What waits, the oldest first; for htmx the part of it that filters change."""
    filters = asked_filters()
    page = page_number()
    most, offset = A_PAGE + 1, (page - 1) * A_PAGE
    rows: Sequence[Waiting | Judged]
    if filters.show == "judged":
        rows = judged(db.session, current_user, filters, now=now(), limit=most, offset=offset)
    else:
        rows = waiting(db.session, current_user, filters, limit=most, offset=offset)
    offered = choices(db.session, current_user)
    shown = {
        "listed": (_listed(filters, offered) if given() else _all_that_waits()) if rows else "",
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
    return render_template("reviews/index.html", **shown, choices=offered)


def _all_that_waits() -> str:
    return ngettext(
        "One piece waits for a judgement, in all teams that you manage.",
        "%(num)s pieces wait for a judgement, in all teams that you manage.",
        count_waiting(db.session, current_user),
    )


def _listed(filters: Filters, offered: Choices) -> str:
    """What the list is narrowed to and how much that is, in a sentence."""
    if filters.show == "judged":
        count = count_judged(db.session, current_user, filters, now=now())
        pieces = ngettext(
            "One piece that was judged in the last 30 days",
            "%(num)s pieces that were judged in the last 30 days",
            count,
        )
    elif filters.show == "in_review":
        count = count_waiting(db.session, current_user, filters)
        pieces = ngettext("One piece in review", "%(num)s pieces in review", count)
    else:
        count = count_waiting(db.session, current_user, filters)
        pieces = ngettext("One piece that waits", "%(num)s pieces that wait", count)
    parts = [pieces]
    if filters.person:
        name = dict(offered.people).get(str(filters.person), "")
        parts.append(_("by %(name)s", name=name))
    if filters.kind:
        parts.append(_("of the kind “%(kind)s”", kind=labels.KINDS[filters.kind]))
    if filters.team:
        name = dict(offered.teams).get(filters.team, "")
        parts.append(_("in the team %(name)s", name=name))
    return f"{', '.join(parts)}."


def _at(page: int) -> str:
    return f"/reviews?{urlencode({**given(), 'page': page})}"
