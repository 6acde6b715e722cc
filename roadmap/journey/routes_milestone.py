"""A milestone: its page, or the part of it that a row unfolds."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_login import current_user

from roadmap.catalog.content import Milestone
from roadmap.core.database import db
from roadmap.core.i18n import date_filter
from roadmap.core.i18n import gettext as _
from roadmap.core.web import wants_fragment
from roadmap.evidence.labels import kind_label
from roadmap.journey.blueprint import journey, milestone_or_404, progress_or_redirect
from roadmap.journey.forms import PlanForm, ReasonForm
from roadmap.journey.queries import linkable_evidence, linked_evidence
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.people.permissions import permit
from roadmap.progress import queries as progress_queries


@journey.get("/roadmaps/<slug>/milestones/<key>")
@permit("progress.read")
def milestone_page(slug: str, key: str) -> str:
    """A milestone with all that is known of it: a page, or the part that a row unfolds."""
    found = progress_or_redirect(slug)
    template = "journey/_row_details.html" if wants_fragment() else ""
    return render_milestone(found, milestone_or_404(found, key), template=template)


def render_milestone(
    found: RoadmapProgress,
    milestone: Milestone,
    *,
    template: str = "",
    plan: PlanForm | None = None,
    reason: ReasonForm | None = None,
    conflict: Any = None,
) -> str:
    content = found.published.content
    part = "journey/_milestone_details.html" if wants_fragment() else "journey/milestone.html"
    return render_template(
        template or part,
        roadmap=content,
        stage=content.stage_by_key[milestone.stage_key],
        objective=next(
            o
            for o in content.stage_by_key[milestone.stage_key].objectives
            if o.key == milestone.objective_key
        ),
        own=True,
        m=milestone_details(found, milestone),
        plan=plan,
        reason_form=reason,
        conflict=conflict,
        unfolded=wants_fragment(),
    )


def milestone_details(found: RoadmapProgress, milestone: Milestone) -> dict[str, Any]:
    """Return what the template of the details prints."""
    state = progress_queries.milestone_state(db.session, current_user.id, milestone.key)
    content = found.published.content
    path = f"/roadmaps/{content.slug}/milestones/"
    return {
        "key": milestone.key,
        "anchor": content.anchors[milestone.key],
        "title": milestone.title,
        "state": found.tone(milestone.key),
        "status": state.status,
        "url": path + milestone.key,
        "done_when": milestone.done_when,
        "why": milestone.why,
        "hours": _("%(hours)d h", hours=milestone.hours),
        "months": milestone.months,
        "required": milestone.required,
        "skills": [
            (content.skill_by_key[key].title, f"/skills/{key}")
            for key in milestone.skills
            if key in content.skill_by_key
        ],
        "kinds": [kind_label(kind) for kind in milestone.evidence],
        "resources": [(r.title, r.by, r.url) for r in milestone.resources],
        "after": [(content.by_key[key].title, path + key) for key in milestone.after],
        "note": state.note,
        "note_version": state.revision,
        "reason": state.reason,
        "since": state.since,
        "target_on": state.target_on,
        "evidence": [
            (
                piece.title,
                f"/evidence/{piece.id}",
                piece.tone,
                f"{kind_label(piece.kind)}, {date_filter(piece.occurred_on)}",
                piece.lapsed,
            )
            for piece in linked_evidence(
                db.session, current_user.id, milestone.key, milestone.evidence, found.today
            )
        ],
        "add_href": f"/evidence/new?milestone={milestone.key}",
        "linkable": linkable_evidence(
            db.session, current_user.id, milestone.key, milestone.evidence
        ),
    }
