"""The page of a milestone, and the same details in an expanded row."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import abort, render_template, request
from flask_login import current_user
from markupsafe import Markup

from roadmap.activity.messages import load_milestone_history
from roadmap.career_plans.queries import load_help_links
from roadmap.catalog import queries as catalog
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.web import htmx, now, wants_fragment
from roadmap.journey.blueprint import journey, milestone_or_404
from roadmap.journey.forms import EnrollmentForm, PlanForm, ReasonForm
from roadmap.journey.milestone_details import load_details
from roadmap.journey.roadmap_progress import RoadmapProgress, load_progress
from roadmap.people.permissions import permit
from roadmap.practice.queries import has_questions_about
from roadmap.progress.models import MilestonePlan
from roadmap.progress.queries import NOT_STARTED, Link
from roadmap.time_budget.queries import concerns_milestone
from roadmap.tools.queries import tool_content

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone


@journey.get("/roadmaps/<slug>/milestones/<key>")
@permit("progress.read")
def milestone_page(slug: str, key: str) -> str:
    """Show a milestone, as a page or for its expanded row; a preview before enrollment."""
    progress = load_progress(db.session, current_user, slug, now=now())
    if progress is None:
        return _render_preview(slug, key)
    template = "journey/_row_details.html" if wants_fragment() else "journey/milestone.html"
    return render_milestone(progress, milestone_or_404(progress, key), template)


def _render_preview(slug: str, key: str) -> str:
    published = catalog.published_roadmap(db.session, slug) or abort(404)
    milestone = published.content.by_key.get(key) or abort(404)
    return render_template(
        "journey/milestone_preview.html",
        roadmap=published.content,
        stage=published.content.stage_of[key],
        m={"content": milestone, "state": NOT_STARTED},
        form=EnrollmentForm(current_user.today(now())),
    )


def render_milestone(
    progress: RoadmapProgress,
    milestone: Milestone,
    template: str = "",
    *,
    plan: PlanForm | None = None,
    reason: ReasonForm | None = None,
    conflict: MilestonePlan | None = None,
    unfolded: bool | None = None,
) -> str:
    """Render a milestone, by default only the details for htmx and the whole page otherwise.

    The parameter `captured` says that evidence was just saved for the milestone.
    """
    details = "journey/_milestone_details.html" if wants_fragment() else "journey/milestone.html"
    template = template or details
    content, person = progress.published.content, current_user.id
    # Only the page has room for the history.
    is_page = template == "journey/milestone.html"
    history, has_older = (
        load_milestone_history(db.session, person, milestone.key) if is_page else ([], False)
    )
    return render_template(
        template,
        history=history,
        has_older=has_older,
        roadmap=content,
        stage=content.stage_of[milestone.key],
        help_links=_help_links(milestone.key),
        has_questions=has_questions_about(milestone.key),
        m=load_details(
            db.session, person, progress, milestone, plan=plan, reason=reason, conflict=conflict
        ),
        unfolded=wants_fragment() if unfolded is None else unfolded,
        page=row_page(),
        captured=request.args.get("captured") == milestone.key,
    )


def row_page() -> str:
    """Return the path and query of the page that contains the row."""
    page = urlsplit((wants_fragment() and htmx.current_url) or request.full_path)
    return page.path + (f"?{page.query}" if page.query else "")


def render_captured_details(progress: RoadmapProgress) -> dict[str, Markup]:
    """Return the details of the milestone named by `captured`, by the anchor of its row."""
    content = progress.published.content
    milestone = content.by_key.get(request.args.get("captured", ""))
    if milestone is None:
        return {}
    details = render_milestone(progress, milestone, "journey/_row_details.html", unfolded=True)
    return {content.anchors[milestone.key]: Markup(details)}  # noqa: S704 - the template escapes


def _help_links(key: str) -> list[Link]:
    """Return the pages that help with a milestone."""
    week = [Link(_("Your week"), "/time")] if concerns_milestone(key) else []
    tools = [
        Link(_("%(tool)s, under Tools", tool=each.title), f"/tools/{each.key}")
        for each in tool_content().used_in(key)
    ]
    return [*load_help_links(key), *week, *tools]
