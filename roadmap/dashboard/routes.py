"""The dashboard, and the landing page for visitors."""

from __future__ import annotations

from flask import Blueprint, flash, render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.auth.queries import any_user_exists
from roadmap.auth.sessions import find_user_pending_deletion, pop_sign_out_reason
from roadmap.calendar import labels as calendar_labels
from roadmap.calendar.queries import load_entries
from roadmap.calendar.rules import select_due
from roadmap.career_plans.queries import load_due_plan_reviews
from roadmap.catalog.queries import load_revision, published_roadmaps
from roadmap.core.database import db
from roadmap.core.web import now, see_other
from roadmap.dashboard.admin_summary import load_admin_summary
from roadmap.dashboard.manager_summary import load_manager_summary
from roadmap.dashboard.recent_activity import list_recent_activity
from roadmap.forecast.queries import days_off
from roadmap.journey.presentation import RoadmapPresenter
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.people.permissions import permit
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.practice.overview import count_today
from roadmap.progress.queries import enrollments
from roadmap.readiness.explanation import explain
from roadmap.readiness.presentation import own_context
from roadmap.readiness.queries import person_record
from roadmap.readiness.summary import summarize
from roadmap.readiness.tally import Tally
from roadmap.time_budget.rules import Week
from roadmap.work_log.queries import entries_of_week

dashboard = Blueprint("dashboard", __name__)


@dashboard.get("/")
@permit("public")
def index() -> Response | str:
    if not current_user.is_authenticated:
        if find_user_pending_deletion() is not None:
            return see_other("erasure.ask_return")
        if reason := pop_sign_out_reason():
            flash(reason, "message")
            return see_other("auth.login")
        return render_template("dashboard/landing.html", first=not any_user_exists(db.session))
    mine = enrollments(db.session, current_user.id)
    manager_summary = load_manager_summary(db.session, current_user, now())
    today = current_user.today(now())
    plans_due = load_due_plan_reviews(db.session, current_user.id, today)
    if not mine:
        return render_template(
            "dashboard/manager.html" if manager_summary else "dashboard/welcome.html",
            manager_summary=manager_summary,
            admin_summary=load_admin_summary(db.session, current_user, now()),
            plans_due=plans_due,
            roadmaps=[each.content for each in published_roadmaps(db.session)],
        )
    published = load_revision(db.session, mine[0].revision_id)
    content = published.content
    own = person_record(db.session, current_user.id).own
    tally = Tally(content, own, today)
    found = explain(tally)
    progress = RoadmapProgress(
        published=published,
        enrolled=mine[0],
        data=summarize(tally),
        targets=own.target_dates,
        today=today,
        absences=days_off(db.session, current_user.id),
    )
    pages = RoadmapPresenter(progress)
    stages = [pages.stage(stage, with_rows=False) for stage in content.stages]
    has_manager = bool(load_holders(db.session, current_user.id, Capability.REVIEW))
    return render_template(
        "dashboard/index.html",
        roadmap=content,
        others=mine[1:],
        lede=pages.lede(),
        trail=pages.trail(pages.cairns(stages), base=f"/roadmaps/{content.slug}"),
        stages=stages,
        plans_due=plans_due,
        work_log_entries=entries_of_week(db.session, current_user.id, Week.of(today)),
        dates_due=select_due(load_entries(db.session, current_user.id, today), today),
        calendar_labels=calendar_labels,
        today=today,
        questions_today=count_today(db.session, current_user, now()),
        manager_summary=manager_summary,
        recent_activity=list_recent_activity(db.session, current_user.id),
        **own_context(found, own, content, has_manager=has_manager),
    )
