"""The readiness page: score, gates, the best next steps, and every point with its source."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, render_template, request
from flask_login import current_user

from roadmap.catalog.queries import at_revision
from roadmap.core.database import db
from roadmap.core.language import number_filter
from roadmap.core.web import now
from roadmap.evidence.labels import impact_label, kind_label
from roadmap.people.access import permit
from roadmap.progress.queries import enrollment, enrollments
from roadmap.readiness.explain import Readiness, explain
from roadmap.readiness.presentation import (
    PART_TITLES,
    points,
    proposals,
    say,
    signed,
    step_view,
    verdict_reason,
    verdict_title,
)
from roadmap.readiness.queries import course, record

readiness = Blueprint("readiness", __name__)

ITEM_HREFS: dict[str, Callable[[str, str], str]] = {
    "milestone": lambda slug, key: f"/roadmaps/{slug}/milestones/{key}",
    "evidence": lambda _slug, key: f"/evidence/{key}",
    "self_assessment": lambda _slug, key: f"/skills/{key}",
    "assessment": lambda _slug, key: f"/skills/{key}",
    "position": lambda _slug, _key: "/career",
    "degree": lambda _slug, _key: "/career",
}


@readiness.get("/readiness")
@permit("readiness.read")
def page() -> str:
    """Readiness on one roadmap: the named one, or the primary."""
    slug = request.args.get("roadmap") or None
    mine = enrollment(db.session, current_user.id, slug)
    if mine is None:
        if slug is not None:
            abort(404)
        return render_template("readiness/empty.html")
    content = at_revision(db.session, mine.revision_id).content
    today = current_user.today(now())
    facts = record(db.session, current_user.id).own()
    found = explain(course(at_revision(db.session, mine.revision_id)), facts, today)
    others = [each for each in enrollments(db.session, current_user.id) if each.slug != mine.slug]
    titles = {gate.key: gate.title for gate in found.gates}
    return render_template(
        "readiness/page.html",
        roadmap=content,
        others=others,
        found=found,
        bar=_bar(found),
        verdict=verdict_title(found),
        reason=verdict_reason(found),
        gates=[
            {
                "title": gate.title,
                "passed": gate.passed,
                "reason": say(gate.reason),
                "opens": say(gate.opens),
            }
            for gate in found.gates
        ],
        steps=[step_view(step, content) for step in proposals(found)],
        gate_titles=titles,
        parts=found.parts,
        part_titles={key: title() for key, title in PART_TITLES.items()},
        items=[
            {
                "type": item.type,
                "label": item.label,
                "href": ITEM_HREFS[item.type](content.slug, item.key),
                "effect": signed(item.effect),
                "sign": (item.effect > 0) - (item.effect < 0),
            }
            for item in found.items
        ],
        policy=course(at_revision(db.session, mine.revision_id)).policy,
        points=points,
        signed=signed,
        kind_label=kind_label,
        impact_label=impact_label,
        percent=lambda share: number_filter(round(float(share) * 100)),
    )


def _bar(found: Readiness) -> dict[str, float]:
    """Claimed, evidenced and verified shares of the roadmap's effort, each hour once."""
    overall = found.overall
    return {
        "verified": float(overall.verified),
        "evidenced": float(overall.evidenced - overall.verified),
        "claimed": float(overall.claimed - overall.evidenced),
    }
