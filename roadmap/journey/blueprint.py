"""The blueprint, and the loaders that its pages begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, redirect, url_for

from roadmap.catalog import queries as catalog
from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.web import now
from roadmap.evidence.labels import confirmed_by, kind_label
from roadmap.journey.roadmap_progress import RoadmapProgress, load_progress
from roadmap.people.actor import Actor

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone, Stage

journey = Blueprint("journey", __name__)
journey.add_app_template_filter(kind_label)
journey.add_app_template_filter(confirmed_by)


def progress_or_redirect(actor: Actor, slug: str) -> RoadmapProgress:
    """Load the actor's progress on a roadmap, or redirect to enrolling; 404 without a roadmap."""
    found = load_progress(db.session, actor, slug, now=now())
    if found is None:
        if catalog.published_roadmap(db.session, slug) is None:
            abort(404)
        flash(_("You are not on this roadmap yet."))
        abort(redirect(url_for("journey.roadmap_page", slug=slug), code=303))
    return found


def milestone_or_404(found: RoadmapProgress, key: str) -> Milestone:
    """Return the milestone with this key on the roadmap, or abort with 404."""
    return found.published.content.by_key.get(key) or abort(404)


def stage_or_404(found: RoadmapProgress, key: str) -> Stage:
    """Return the stage with this key on the roadmap, or abort with 404."""
    return found.published.content.stage_by_key.get(key) or abort(404)
