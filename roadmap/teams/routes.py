"""The list of teams, the matrix of a team, and its exports."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.auth.request_audit import audit_download
from roadmap.core.database import db
from roadmap.core.i18n import _, ngettext
from roadmap.core.limiter import export_slot, limit_searches, limiter
from roadmap.core.text import clean_line
from roadmap.core.web import make_attachment, now, render_page, wants_fragment
from roadmap.invitations.queries import list_invitations_to
from roadmap.people.models import Team
from roadmap.people.permissions import permit
from roadmap.people.queries import count_teams
from roadmap.people.roles import Capability
from roadmap.teams import labels, routes_members, routes_person, routes_tools
from roadmap.teams.blueprint import teams
from roadmap.teams.formats import FORMATS, build_sheet
from roadmap.teams.loaders import load_team
from roadmap.teams.matrix import (
    INACTIVE_DAYS,
    VERDICTS,
    Matrix,
    MatrixQuery,
    filter_and_sort,
)
from roadmap.teams.matrix_page import page_rows, query_string, sort_links
from roadmap.teams.queries import list_my_teams, load_matrix, load_teams_overview

__all__ = ["routes_members", "routes_person", "routes_tools", "teams"]

MAX_QUERY_LENGTH = 200


@teams.get("/teams")
@permit("team.list")
def index() -> str:
    """Show the teams whose people the actor sees, and those they are a member of."""
    capabilities = current_user.capabilities
    sees_shared = Capability.SEE_SHARED in capabilities
    overview = load_teams_overview(db.session, current_user, now()) if sees_shared else None
    return render_template(
        "teams/index.html",
        led=overview.teams if overview else (),
        # Managers of empty teams are only prompted to invite people.
        invited=overview.invited if overview else 0,
        alone=overview and not overview.people and Capability.MANAGE_TEAM in capabilities,
        own=list_my_teams(db.session, current_user.id),
        invitations=list_invitations_to(db.session, current_user.email_key, now=now()),
        # Administrators may be in no team at all.
        team_count=count_teams(db.session) if current_user.is_admin else 0,
        verdicts_line=labels.verdicts_line,
    )


@teams.get("/teams/<slug>")
@teams.get("/people")
@permit("team.matrix")
@limit_searches
def matrix(slug: str | None = None) -> Response:
    """Show the matrix of a team, or of all teams whose people the actor sees.

    The query string sorts and filters it. htmx requests get only the table.
    """
    team, whole, query = _load_matrix_and_query(slug)
    shown = filter_and_sort(whole, query)
    seen = {team.id} if team else current_user.teams(Capability.SEE_SHARED)
    may_assess = seen <= current_user.teams(Capability.ASSESS)
    context: dict[str, Any] = {
        "team": team,
        "matrix": shown,
        "view": query,
        "rows": page_rows(shown, current_user.id if may_assess else None),
        "sort_links": sort_links(whole, query),
        "query": query_string(whole, query),
        "formats": FORMATS,
        "inactive_days": INACTIVE_DAYS,
    }
    if wants_fragment():
        people = ngettext("%(num)d person", "%(num)d people", len(shown.rows))
        announcement = _("%(shown)s shown.", shown=people)
        return render_page("teams/_matrix.html", announce=announcement, **context)
    return render_page(
        "teams/matrix.html",
        verdicts=[(verdict, labels.verdict_label(verdict)) for verdict in VERDICTS],
        team_choices=whole.teams,
        roadmap_choices=[(each.slug, f"{each.title} ({each.people})") for each in whole.roadmaps],
        may_manage=team is not None
        and current_user.has_capability_in(Capability.MANAGE_TEAM, team.id),
        inactive=sum(row.is_inactive(whole.today) for row in whole.rows),
        **context,
    )


@teams.get("/teams/<slug>/export/<name>")
@teams.get("/people/export/<name>")
@permit("team.matrix")
@limiter.limit("30/minute")
def export(name: str, slug: str | None = None) -> Response:
    """Download the matrix in one of `FORMATS`, sorted and filtered as on the page."""
    if name not in FORMATS:
        abort(404)
    with export_slot():
        team, whole, query = _load_matrix_and_query(slug)
        exported = filter_and_sort(whole, query)
        content = FORMATS[name].render(build_sheet(exported))
    audit_download(
        by=current_user.id,
        action="team.exported" if team else "people.exported",
        target=whole.slug,
        team_name=whole.name,
        format=str(FORMATS[name].title),
        filtered=query.is_filtered,
        shown=len(exported.rows),
        people=exported.people,
    )
    stem = "-".join(filter(None, (whole.slug or "people", whole.roadmap, str(whole.today))))
    return make_attachment(content, FORMATS[name].mimetype, f"{stem}.{name}")


def _load_matrix_and_query(slug: str | None) -> tuple[Team | None, Matrix, MatrixQuery]:
    """Load the unfiltered matrix and parse its query. Aborts with 404 for an unknown roadmap."""
    args, team = request.args, load_team(current_user, "team.matrix", slug) if slug else None
    try:
        whole = load_matrix(
            db.session, current_user, team, roadmap=args.get("roadmap") or None, now=now()
        )
    except LookupError:
        abort(404)
    sort, order = args.get("sort", ""), args.get("order", "")
    columns = whole.sorts
    if sort not in columns:
        sort, order = "name", "asc"
    if order not in ("asc", "desc"):
        order = columns[sort].first_order
    verdict, team_slug = args.get("verdict", ""), args.get("team", "")
    return (
        team,
        whole,
        MatrixQuery(
            roadmap=whole.roadmap if args.get("roadmap") else "",
            q=clean_line(args.get("q"))[:MAX_QUERY_LENGTH],
            verdict=verdict if verdict in VERDICTS else "",
            team=team_slug if any(team_slug == each.slug for each in whole.teams) else "",
            still="1" if args.get("still") else "",
            sort=sort,
            order=order,
        ),
    )
