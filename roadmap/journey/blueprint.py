"""The blueprint, and loaders shared by its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort

from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence.labels import confirmed_by, kind_label
from roadmap.journey.roadmap_progress import RoadmapProgress, load_enrolled_progress
from roadmap.people.actor import Actor
from roadmap.progress.pages import enrollment_or_redirect

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone, Stage

journey = Blueprint("journey", __name__)
journey.add_app_template_filter(kind_label)
journey.add_app_template_filter(confirmed_by)


def progress_or_redirect(actor: Actor, slug: str) -> RoadmapProgress:
    """Load the actor's progress on a roadmap, or redirect to enrollment; 404 without a roadmap."""
    enrolled = enrollment_or_redirect(actor.id, slug)
    return load_enrolled_progress(db.session, actor, enrolled, now=now())


def milestone_or_404(progress: RoadmapProgress, key: str) -> Milestone:
    """Return the milestone with this key on the roadmap, or abort with 404."""
    return progress.published.content.by_key.get(key) or abort(404)


def stage_or_404(progress: RoadmapProgress, key: str) -> Stage:
    """Return the stage with this key on the roadmap, or abort with 404."""
    return progress.published.content.stage_by_key.get(key) or abort(404)
