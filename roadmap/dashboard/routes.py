"""The dashboard, and the landing page for visitors."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_login import current_user

from roadmap.auth.queries import any_user_exists
from roadmap.catalog.queries import load_revision, published_roadmaps
from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.web import now
from roadmap.dashboard.admin_summary import load_admin_summary
from roadmap.dashboard.manager_summary import load_manager_summary
from roadmap.dashboard.recent_activity import list_recent_activity
from roadmap.journey.presentation import RoadmapPresenter
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.people.permissions import permit
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability
from roadmap.progress.queries import enrollments, target_dates
from roadmap.readiness.explanation import explain
from roadmap.readiness.presentation import actionable_steps, explanation_context, own_links
from roadmap.readiness.queries import PersonRecord, person_record
from roadmap.readiness.summary import summarize

dashboard = Blueprint("dashboard", __name__)


@dataclass(frozen=True, slots=True)
class FirstStep:
    """Something to begin with, and why."""

    text: str
    href: str
    reason: str


@dashboard.get("/")
@permit("public")
def index() -> str:
    if not current_user.is_authenticated:
        return render_template("dashboard/landing.html", first=not any_user_exists(db.session))
    mine = enrollments(db.session, current_user.id)
    led = load_manager_summary(db.session, current_user, now())
    if not mine:
        template = "dashboard/manager.html" if led else "dashboard/welcome.html"
        roadmaps = [each.content for each in published_roadmaps(db.session)]
        return render_template(
            template,
            manager_summary=led,
            admin_summary=load_admin_summary(db.session, current_user, now()),
            roadmaps=roadmaps,
        )
    primary = mine[0]
    published = load_revision(db.session, primary.revision_id)
    found_record = person_record(db.session, current_user.id)
    today = current_user.today(now())
    content = published.content
    found = explain(content, found_record.own(), today)
    data = summarize(content, found_record.own(), today)
    targets = target_dates(db.session, current_user.id)
    pages = RoadmapPresenter(RoadmapProgress(published, primary, data, targets, today))
    stages = [pages.stage(stage, with_rows=False) for stage in content.stages]
    return render_template(
        "dashboard/index.html",
        roadmap=published.content,
        others=mine[1:],
        lede=pages.lede(),
        trail=pages.trail(stages, base=f"/roadmaps/{published.content.slug}"),
        stages=stages,
        steps=actionable_steps(
            found, has_manager=bool(holders_of(db.session, current_user.id, Capability.REVIEW))
        ),
        first_steps=_first_steps(found_record, content.slug),
        manager_summary=led,
        recent_activity=list_recent_activity(db.session, current_user.id, published.content),
        **explanation_context(found, own_links(content.slug)),
    )


def _first_steps(found: PersonRecord, slug: str) -> list[FirstStep]:
    """List the first steps of a beginner that are left."""
    steps = []
    if not found.statuses:
        steps.append(
            FirstStep(
                _("Tick what you have already done"),
                f"/roadmaps/{slug}",
                _("Be generous: a tick is a claim, and claims are kept apart from proof."),
            )
        )
    if not found.positions and not found.degrees:
        steps.append(
            FirstStep(
                _("Add your jobs and degrees"),
                "/career",
                _("Years of ML engineering are one of the gates."),
            )
        )
    if not found.evidence:
        steps.append(
            FirstStep(
                _("Record your first piece of evidence"),
                "/evidence/new",
                _("A design document or a launch you remember well is a good start."),
            )
        )
    if not found.self_levels:
        steps.append(
            FirstStep(
                _("Assess your own skills"),
                "/skills",
                _("Eight skills, each against five described levels."),
            )
        )
    return steps
