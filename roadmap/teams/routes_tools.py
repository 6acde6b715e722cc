"""The tools that the people of a team share."""

from __future__ import annotations

from flask import abort, render_template
from flask_login import current_user

from roadmap.core.database import db
from roadmap.core.web import now, page_links, page_number
from roadmap.people.permissions import permit
from roadmap.teams import shared_tools
from roadmap.teams.blueprint import teams
from roadmap.teams.loaders import load_team
from roadmap.tools.forms import INTEREST_LABELS, LEVEL_LABELS
from roadmap.tools.queries import tool_content
from roadmap.tools.rules import STALE_MONTHS, is_stale

PER_PAGE = 50


@teams.get("/teams/<slug>/tools")
@permit("team.matrix")
def team_tools(slug: str) -> str:
    """Show how many people know each tool, and how many want to learn it."""
    team = load_team(current_user, "team.matrix", slug)
    return render_template(
        "teams/tools.html",
        team=team,
        content=tool_content(),
        figures=shared_tools.load_figures(db.session, team.id),
        sharing=shared_tools.count_sharing(db.session, team.id),
    )


@teams.get("/teams/<slug>/tools/<key>")
@permit("team.matrix")
def team_tool(slug: str, key: str) -> str:
    """Show who knows a tool, who wants to learn it, and when they last used it."""
    team = load_team(current_user, "team.matrix", slug)
    tool, page = tool_content().by_key.get(key) or abort(404), page_number()
    found = shared_tools.list_records(
        db.session, team.id, key, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE
    )
    today, path = current_user.today(now()), f"/teams/{team.slug}/tools/{key}"
    return render_template(
        "teams/tool.html",
        team=team,
        tool=tool,
        rows=[(each, is_stale(each.last_used, today)) for each in found[:PER_PAGE]],
        levels=LEVEL_LABELS,
        interests=INTEREST_LABELS,
        stale_months=STALE_MONTHS,
        pages=page_links(path, page, has_next=len(found) > PER_PAGE),
    )
