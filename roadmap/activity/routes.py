"""A user's activity and a summary of changes since a date, both visible only to the user."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.activity import queries
from roadmap.activity.change_counts import describe_counts
from roadmap.activity.list_query import ActivityQuery
from roadmap.activity.messages import KINDS, DescribedEntry, describe, load_descriptions
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _, number_filter
from roadmap.core.limiter import export_slot, limiter
from roadmap.core.tables import Sheet, to_csv
from roadmap.core.web import make_attachment, now, see_other
from roadmap.people.permissions import permit
from roadmap.progress.queries import enrollment

activity = Blueprint("activity", __name__)

# The maximum number of entries in an export.
MAX_EXPORTED = 50_000
# Above this number, the page shows "more than" instead of an exact count.
MAX_COUNTED = 1_000
# Periods in days offered on the "since" page.
QUICK_DAYS = (7, 30, 90, 365)
# The number of entries listed on the "since" page.
NEWEST_SHOWN = 10


@activity.get("/activity")
@permit("activity.read")
def overview() -> str:
    """Show the filtered activity, newest first."""
    query, position = ActivityQuery.parse(request.args), request.args.get("before", "")
    try:
        before = queries.parse_position(position) if position else None
    except ValueError:
        abort(404)
    me, conditions = current_user.id, query.conditions(db.session, current_user)
    entries, more = queries.list_entries(db.session, me, *conditions, before=before)
    titles = queries.load_titles(db.session, me, entries)
    return render_template(
        "activity/overview.html",
        query=query,
        kinds=KINDS,
        who=[("me", _("You")), ("others", _("Others"))],
        roadmaps=[(each.slug, each.title) for each in titles.roadmaps],
        milestone=titles.milestone(query.milestone) if query.milestone else "",
        days=_group_by_day(describe(entries, titles, me)),
        count=queries.count_entries(db.session, me, *conditions, limit=MAX_COUNTED),
        most_counted=MAX_COUNTED,
        newest=url_for("activity.overview", **query.arguments) if before else None,
        older=url_for("activity.overview", **query.arguments, before=entries[-1].position)
        if more
        else None,
        export=url_for("activity.export", **query.arguments),
    )


@activity.get("/activity/export/csv")
@permit("activity.read")
@limiter.limit("30/minute")
def export() -> Response:
    """Download the filtered activity as CSV."""
    query = ActivityQuery.parse(request.args)
    if not query.is_valid:
        return see_other("activity.overview", **request.args)
    conditions = query.conditions(db.session, current_user)
    found = queries.count_entries(db.session, current_user.id, *conditions, limit=MAX_EXPORTED)
    if found > MAX_EXPORTED:
        return render_error(
            422,
            _("More than %(num)s entries match.", num=number_filter(MAX_EXPORTED)),
            _("Choose a shorter period, and export in parts."),
        )
    home = url_for("activity.overview", _external=True).removesuffix("/activity")
    with export_slot():
        rows = [
            (
                line.at.astimezone(current_user.zone).isoformat(timespec="seconds"),
                line.by,
                str(KINDS.get(line.kind, "")),
                line.text,
                home + line.href if line.href else "",
            )
            for entries in queries.list_batches(db.session, current_user.id, *conditions)
            for line in load_descriptions(db.session, current_user.id, entries)
        ]
        header = (_("When"), _("Who"), _("Kind"), _("What"), _("Address"))
        content = to_csv(Sheet(_("Activity"), header, rows))
    name = f"activity-{current_user.today(now()).isoformat()}.csv"
    return make_attachment(content, "text/csv", name)


@activity.get("/activity/since")
@permit("activity.read")
def since() -> str:
    """Show a summary of the changes since a day, by default 30 days ago."""
    query, today = ActivityQuery.parse(request.args), current_user.today(now())
    day = query.first or today - dt.timedelta(days=30)
    listed = ActivityQuery(first=day)
    conditions = listed.conditions(db.session, current_user)
    me = current_user.id
    entries, more = queries.list_entries(db.session, me, *conditions, limit=NEWEST_SHOWN)
    counted = describe_counts(queries.count_actions(db.session, me, *conditions))
    return render_template(
        "activity/since.html",
        query=query,
        day=day,
        today=today,
        quick=[(count, today - dt.timedelta(days=count)) for count in QUICK_DAYS],
        figures=[
            (figure, url_for("activity.overview", **replace(listed, kind=figure.kind).arguments))
            for figure in counted
        ],
        days=_group_by_day(load_descriptions(db.session, me, entries)),
        more=more,
        primary=enrollment(db.session, current_user.id),
    )


def _group_by_day(lines: Iterable[DescribedEntry]) -> list[tuple[dt.date, list[Any]]]:
    """Group lines by day in the reader's time zone."""
    return [
        (day, list(each)) for day, each in groupby(lines, lambda line: current_user.today(line.at))
    ]
