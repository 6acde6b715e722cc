"""The teams of a person, the matrix of one of them, and its exports."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, make_response, render_template, request
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.limiter import limit_searches, limiter
from roadmap.core.proxy import client_address
from roadmap.core.text import clean_line
from roadmap.core.web import now, wants_fragment
from roadmap.people.audit import record_audit
from roadmap.people.models import Team
from roadmap.people.permissions import permit
from roadmap.people.roles import Capability
from roadmap.teams import labels, queries
from roadmap.teams.blueprint import teams
from roadmap.teams.formats import FORMATS, build_sheet
from roadmap.teams.loaders import load_team
from roadmap.teams.matrix import (
    INACTIVE_DAYS,
    SORT_ORDERS,
    VERDICTS,
    Matrix,
    MatrixQuery,
    default_order,
    filter_and_sort,
)
from roadmap.teams.matrix_html import render_meter, render_rows
from roadmap.teams.my_teams import list_my_teams

MAX_QUERY_LENGTH = 200


@teams.get("/teams")
@permit("team.list")
def index() -> str:
    """The teams that one is in, and above them those that one leads."""
    actor = current_user._get_current_object()
    led = (
        queries.load_teams_overview(db.session, actor, now())
        if Capability.SEE_SHARED in actor.capabilities
        else None
    )
    return render_template(
        "teams/index.html",
        led=led.teams if led else (),
        # Nobody but the manager: then there is one thing to do.
        alone=bool(led and not led.people) and Capability.MANAGE_TEAM in actor.capabilities,
        own=list_my_teams(db.session, actor.id),
        people_count=labels.people_count,
        verdicts_line=labels.verdicts_line,
    )


@teams.get("/teams/<slug>")
@permit("team.matrix")
@limit_searches
def matrix(slug: str) -> BaseResponse:
    """The matrix, sorted and filtered as the address says; for htmx its table alone."""
    team = load_team(current_user, "team.matrix", slug)
    whole, view = _load_matrix_and_query(team)
    shown = filter_and_sort(whole, view)
    values = {
        "team": team,
        "matrix": shown,
        "view": view,
        "rows": render_rows(shown),
        "columns": _column_headers(whole, view),
        "query": _query_string(whole, view),
        "formats": FORMATS,
        "still_days": INACTIVE_DAYS,
        "people_count": labels.people_count,
    }
    if wants_fragment():
        response: Response = make_response(render_template("teams/_matrix.html", **values))
        response.headers["HX-Trigger"] = json.dumps(
            {"announce": _("%(shown)s shown.", shown=labels.people_count(len(shown.rows)))}
        )
        return response
    return make_response(
        render_template(
            "teams/matrix.html",
            verdicts=[(verdict, labels.verdict_label(verdict)) for verdict in VERDICTS],
            example_meter=Markup(render_meter(62, 40, 12)),  # noqa: S704 - figures of ours
            may_manage=current_user.has_in(Capability.MANAGE_TEAM, team.id),
            still=sum(row.days_inactive(whole.today) >= INACTIVE_DAYS for row in whole.rows),
            **values,
        )
    )


@teams.get("/teams/<slug>/export/<name>")
@permit("team.matrix")
@limiter.limit("30/minute")
def export(slug: str, name: str) -> Response:
    """What the matrix shows as a file, in one of `FORMATS`, sorted and filtered in the same way."""
    team = load_team(current_user, "team.matrix", slug)
    if name not in FORMATS:
        abort(404)
    chosen = FORMATS[name]
    whole, view = _load_matrix_and_query(team)
    made = chosen.render(build_sheet(filter_and_sort(whole, view)))
    # What left the house is written down. The export itself has no transaction to write it in.
    db.session.rollback()
    with db.own_transaction() as own:
        record_audit(
            own,
            by=current_user.id,
            action="team.exported",
            target=whole.slug,
            address=client_address(),
            now=now(),
            format=name,
        )
    response = Response(made, mimetype=chosen.mimetype)
    response.headers.set(
        "Content-Disposition",
        "attachment",
        filename=f"{whole.slug}-{whole.today.isoformat()}.{chosen.extension}",
    )
    return response


def _load_matrix_and_query(team: Team) -> tuple[Matrix, MatrixQuery]:
    """The whole matrix, and what of it the address asks for; 404 for an unknown roadmap."""
    asked = request.args
    actor = current_user._get_current_object()
    try:
        whole = queries.load_matrix(
            db.session, actor, team, roadmap=asked.get("roadmap") or None, now=now()
        )
    except LookupError:
        abort(404)
    sort, order = asked.get("sort", ""), asked.get("order", "")
    if sort not in whole.sorts:
        sort, order = "name", "asc"
    if order not in SORT_ORDERS:
        order = default_order(sort)
    verdict, team_slug = asked.get("verdict", ""), asked.get("team", "")
    return whole, MatrixQuery(
        sort=sort,
        order=order,
        text=clean_line(asked.get("q"))[:MAX_QUERY_LENGTH],
        verdict=verdict if verdict in VERDICTS else "",
        team=team_slug if any(team_slug == place.slug for place in whole.teams) else "",
        still=bool(asked.get("still")),
    )


def _query_string(whole: Matrix, view: MatrixQuery, **instead: str) -> str:
    """The query that leads back to this view, with some of it instead; empty for the plain one."""
    named = request.args.get("roadmap")
    values = {
        "roadmap": whole.roadmap if named else "",
        "q": view.text,
        "verdict": view.verdict,
        "team": view.team,
        "still": "1" if view.still else "",
        "sort": view.sort if view.sort != "name" or view.order != "asc" else "",
        "order": view.order if view.order != default_order(view.sort) else "",
        **instead,
    }
    asked = urlencode({name: value for name, value in values.items() if value})
    return f"?{asked}" if asked else ""


def _column_headers(whole: Matrix, view: MatrixQuery) -> dict[str, dict[str, Any]]:
    """For each column the query that sorts by it, and how it is sorted now (for `aria-sort`)."""
    found = {}
    for sort in whole.sorts:
        order, current = default_order(sort), ""
        if sort == view.sort:
            current = "ascending" if view.order == "asc" else "descending"
            order = "desc" if view.order == "asc" else "asc"
        query = _query_string(
            whole, view, sort=sort, order=order if order != default_order(sort) else ""
        )
        found[sort] = {"query": query, "sorted": current}
    return found
