"""The dashboard; and, for those who are not signed in, what Cairn is."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import current_user

from roadmap.accounts.queries import anybody
from roadmap.catalog.queries import all_published, at_revision
from roadmap.core.database import db
from roadmap.core.language import gettext as _
from roadmap.core.web import now
from roadmap.home.house import house
from roadmap.home.lately import lately
from roadmap.home.leading import leading
from roadmap.journey.facts import Standing
from roadmap.journey.pages import Pages
from roadmap.people.access import permit
from roadmap.people.queries import managers_of
from roadmap.progress.queries import enrollments
from roadmap.readiness.explain import explain
from roadmap.readiness.presentation import (
    proposals,
    say,
    step_view,
    verdict_reason,
    verdict_title,
)
from roadmap.readiness.queries import Record, course, record
from roadmap.readiness.summary import digest

home = Blueprint("home", __name__)


@home.get("/")
@permit("public")
def index() -> str:
    if not current_user.is_authenticated:
        return render_template("home/landing.html", first=not anybody(db.session))
    mine = enrollments(db.session, current_user.id)
    led = leading(db.session, current_user, now())
    if not mine:
        template = "home/leading.html" if led else "home/begin.html"
        roadmaps = [each.content for each in all_published(db.session)]
        return render_template(
            template,
            leading=led,
            house=house(db.session, current_user, now()),
            roadmaps=roadmaps,
        )
    primary = mine[0]
    published = at_revision(db.session, primary.revision_id)
    found_record = record(db.session, current_user.id)
    today = current_user.today(now())
    path = course(published)
    found = explain(path, found_record.own(), today)
    data = digest(path, found_record.own(), today)
    pages = Pages(Standing(published, primary, data, found_record.targets, today))
    stages = [pages.stage(stage, with_rows=False) for stage in published.content.stages]
    return render_template(
        "home/dashboard.html",
        roadmap=published.content,
        others=mine[1:],
        lede=pages.lede(),
        trail=pages.trail(stages, base=f"/roadmaps/{published.content.slug}"),
        stages=stages,
        found=found,
        verdict=verdict_title(found),
        reason=verdict_reason(found),
        standing=[(gate.title, say(gate.reason)) for gate in found.standing],
        steps=[
            step_view(step, published.content)
            for step in proposals(found, has_manager=bool(managers_of(db.session, current_user.id)))
        ],
        gate_titles={gate.key: gate.title for gate in found.gates},
        first_steps=_first_steps(found_record),
        leading=led,
        lately=lately(db.session, current_user.id, published.content),
    )


def _first_steps(found: Record) -> list[tuple[str, str, str]]:
    """What someone who has only begun does first: words, address, why. Empty once all is done."""
    steps = []
    if not found.statuses:
        steps.append(
            (
                _("Tick what you have done already"),
                "roadmap",
                _("Be generous: a tick is a claim, and claims are told apart from proof."),
            )
        )
    if not found.positions and not found.degrees:
        steps.append(
            (
                _("Tell where you have worked and studied"),
                "/career",
                _("Years of ML engineering are a gate of their own."),
            )
        )
    if not found.pieces:
        steps.append(
            (
                _("Record your first piece of evidence"),
                "/evidence/new",
                _("A design document or a launch you remember well is a good start."),
            )
        )
    if not found.self_levels:
        steps.append(
            (
                _("Judge your own skills"),
                "/skills",
                _("Eight skills, each against five described levels."),
            )
        )
    return steps
