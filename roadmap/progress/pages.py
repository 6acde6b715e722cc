"""Helpers for the pages of a person's own roadmap."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect

from roadmap.catalog.queries import published_roadmap
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.progress.queries import EnrolledRoadmap, enrollment


def enrollment_or_redirect(user_id: uuid.UUID, slug: str) -> EnrolledRoadmap:
    """Load a person's enrollment, or redirect to the enrollment page; 404 without a roadmap."""
    mine = enrollment(db.session, user_id, slug)
    if mine is None:
        published_roadmap(db.session, slug) or abort(404)
        flash(_("You are not on this roadmap yet."))
        abort(redirect(f"/roadmaps/{slug}", code=303))
    return mine
