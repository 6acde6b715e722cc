"""The queue of a manager."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from roadmap.core.database import db
from roadmap.core.web import now, page_number, wants_fragment
from roadmap.evidence import labels
from roadmap.people.permissions import permit
from roadmap.reviews import routes_review
from roadmap.reviews.blueprint import reviews
from roadmap.reviews.queries import (
    FilterChoices,
    Filters,
    count_completed,
    count_pending,
    list_completed,
    list_pending,
    load_filter_choices,
)
from roadmap.reviews.queue_filters import active_query, parse_filters

__all__ = ["reviews", "routes_review"]

PAGE_SIZE = 50


@reviews.get("/reviews")
@permit("review.list")
def index() -> str:
    """Show what waits, the oldest first; for htmx only the part that filters change."""
    filters = parse_filters()
    page = page_number()
    most, offset = PAGE_SIZE + 1, (page - 1) * PAGE_SIZE
    if filters.show == "judged":
        rows = list_completed(
            db.session, current_user, filters, now=now(), limit=most, offset=offset
        )
    else:
        rows = list_pending(db.session, current_user, filters, limit=most, offset=offset)
    offered = load_filter_choices(db.session, current_user)
    shown = {
        "listed": (_filter_summary(filters, offered) if active_query() else _total_summary())
        if rows
        else "",
        "rows": rows[:PAGE_SIZE],
        "filters": filters,
        "given": active_query(),
        "pages": {
            "previous": _page_url(page - 1) if page > 1 else None,
            "next": _page_url(page + 1) if len(rows) > PAGE_SIZE else None,
        },
        "page": page,
        "now": now(),
        "labels": labels,
    }
    if wants_fragment():
        return render_template("reviews/_queue.html", **shown)
    return render_template("reviews/index.html", **shown, choices=offered)


def _total_summary() -> str:
    return ngettext(
        "One piece is waiting for your review, in all teams that you manage.",
        "%(num)s pieces are waiting for your review, in all teams that you manage.",
        count_pending(db.session, current_user),
    )


def _filter_summary(filters: Filters, offered: FilterChoices) -> str:
    """Say in a sentence what the list is narrowed to, and how much that is."""
    if filters.show == "judged":
        count = count_completed(db.session, current_user, filters, now=now())
        pieces = ngettext(
            "One piece judged in the last 30 days",
            "%(num)s pieces judged in the last 30 days",
            count,
        )
    elif filters.show == "in_review":
        count = count_pending(db.session, current_user, filters)
        pieces = ngettext("One piece in review", "%(num)s pieces in review", count)
    else:
        count = count_pending(db.session, current_user, filters)
        pieces = ngettext("One piece waiting", "%(num)s pieces waiting", count)
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


def _page_url(page: int) -> str:
    return f"/reviews?{urlencode({**active_query(), 'page': page})}"
