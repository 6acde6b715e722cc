"""Linking a piece of evidence from the milestone's side."""

from __future__ import annotations

import uuid

from flask import abort, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.language import gettext as _
from roadmap.core.web import now, see_other
from roadmap.evidence import actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import Incomplete
from roadmap.journey.blueprint import journey, milestone_or_404, standing_or_away
from roadmap.people.access import load, permit


def _chosen() -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get("evidence", ""))
    except ValueError:
        abort(404)


@journey.put("/roadmaps/<slug>/milestones/<key>/evidence")
@permit("evidence.write")
def link_evidence(slug: str, key: str) -> BaseResponse:
    """Links one of the person's own pieces to this milestone."""
    milestone = milestone_or_404(standing_or_away(slug), key)
    piece = load(db.session, current_user, "evidence.write", Evidence, _chosen())
    try:
        actions.link(db.session, piece, milestone.key, by=current_user, now=now())
    except Incomplete:
        flash(_("That piece proves five milestones already, which is the most."), "error")
    else:
        flash(_("Linked: %(title)s", title=piece.title))
    return see_other("journey.milestone_page", slug=slug, key=key)
