"""The list of teams, the matrix of one of them, and its exports."""

from __future__ import annotations

import json

from flask import Response, abort, make_response, render_template, request
from flask_login import current_user
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
from roadmap.teams import labels
from roadmap.teams.blueprint import teams
from roadmap.teams.formats import FORMATS, build_sheet
from roadmap.teams.loaders import load_team
from roadmap.teams.matrix import (
    INACTIVE_DAYS,
    SORT_ORDERS,
    VERDICTS,
    Matrix,
    MatrixQuery,
    filter_and_sort,
)
from roadmap.teams.matrix_page import page_rows, query_string, sort_links
from roadmap.teams.matrix_queries import load_matrix
from roadmap.teams.my_teams import list_my_teams
from roadmap.teams.overview import load_teams_overview

MAX_QUERY_LENGTH = 200


@teams.get("/teams")
@permit("team.list")
def index() -> str:
    """Show the teams that one manages and those that one is a member of."""
    actor = current_user._get_current_object()
    sees_shared = Capability.SEE_SHARED in actor.capabilities
    managed = load_teams_overview(db.session, actor, now()) if sees_shared else None
    return render_template(
        "teams/index.html",
        led=managed.teams if managed else (),
        # A manager whose teams are empty has one thing to do: invite people.
        alone=bool(managed and not managed.people) and Capability.MANAGE_TEAM in actor.capabilities,
        own=list_my_teams(db.session, actor.id),
        people_count=labels.people_count,
        verdicts_line=labels.verdicts_line,
    )


@teams.get("/teams/<slug>")
@permit("team.matrix")
@limit_searches
def matrix(slug: str) -> BaseResponse:
    """Show the matrix, sorted and filtered by the query string; for htmx only its table."""
    team = load_team(current_user, "team.matrix", slug)
    whole, query = _load_matrix_and_query(team)
    shown = filter_and_sort(whole, query)
    roadmap = whole.roadmap if request.args.get("roadmap") else ""
    context = {
        "team": team,
        "matrix": shown,
        "view": query,
        "rows": page_rows(shown),
        "sort_links": sort_links(whole, query, roadmap),
        "query": query_string(whole, query, roadmap),
        "formats": FORMATS,
        "still_days": INACTIVE_DAYS,
        "people_count": labels.people_count,
    }
    if wants_fragment():
        response: Response = make_response(render_template("teams/_matrix.html", **context))
        response.headers["HX-Trigger"] = json.dumps(
            {"announce": _("%(shown)s shown.", shown=labels.people_count(len(shown.rows)))}
        )
        return response
    return make_response(
        render_template(
            "teams/matrix.html",
            verdicts=[(verdict, labels.verdict_label(verdict)) for verdict in VERDICTS],
            team_choices=[(each.slug, each.name) for each in whole.teams],
            roadmap_choices=[
                (each.slug, f"{each.title} ({each.people})") for each in whole.roadmaps
            ],
            may_manage=current_user.has_in(Capability.MANAGE_TEAM, team.id),
            still=sum(row.days_inactive(whole.today) >= INACTIVE_DAYS for row in whole.rows),
            **context,
        )
    )


@teams.get("/teams/<slug>/export/<name>")
@permit("team.matrix")
@limiter.limit("30/minute")
def export(slug: str, name: str) -> Response:
    """Download the matrix in one of `FORMATS`, sorted and filtered as on the page."""
    team = load_team(current_user, "team.matrix", slug)
    if name not in FORMATS:
        abort(404)
    chosen = FORMATS[name]
    whole, query = _load_matrix_and_query(team)
    content = chosen.render(build_sheet(filter_and_sort(whole, query)))
    # A GET holds a reading transaction; the audit entry is written in one of its own.
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
    response = Response(content, mimetype=chosen.mimetype)
    filename = f"{whole.slug}-{whole.today.isoformat()}.{chosen.extension}"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def _load_matrix_and_query(team: Team) -> tuple[Matrix, MatrixQuery]:
    """Load the whole matrix, and read how to filter and sort it; 404 for an unknown roadmap."""
    args = request.args
    actor = current_user._get_current_object()
    try:
        whole = load_matrix(db.session, actor, team, roadmap=args.get("roadmap") or None, now=now())
    except LookupError:
        abort(404)
    sort, order = args.get("sort", ""), args.get("order", "")
    columns = whole.sorts
    if sort not in columns:
        sort, order = "name", "asc"
    if order not in SORT_ORDERS:
        order = columns[sort].first_order
    verdict, team_slug = args.get("verdict", ""), args.get("team", "")
    return whole, MatrixQuery(
        sort=sort,
        order=order,
        text=clean_line(args.get("q"))[:MAX_QUERY_LENGTH],
        verdict=verdict if verdict in VERDICTS else "",
        team=team_slug if any(team_slug == each.slug for each in whole.teams) else "",
        still=bool(args.get("still")),
    )
