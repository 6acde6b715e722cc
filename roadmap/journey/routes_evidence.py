"""Link evidence from the page of a milestone."""

from __future__ import annotations

import uuid

from flask import abort, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.web import now, see_other
from roadmap.evidence import actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import InvalidInput
from roadmap.journey.blueprint import journey, milestone_or_404, progress_or_redirect
from roadmap.people.permissions import load, permit


def _selected_evidence_id() -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get("evidence", ""))
    except ValueError:
        abort(404)


@journey.put("/roadmaps/<slug>/milestones/<key>/evidence")
@permit("evidence.write")
def link_evidence(slug: str, key: str) -> BaseResponse:
    """Link one of the person's own pieces of evidence to this milestone."""
    milestone = milestone_or_404(progress_or_redirect(current_user, slug), key)
    piece = load(db.session, current_user, "evidence.write", Evidence, _selected_evidence_id())
    try:
        actions.link(db.session, piece, milestone.key, by=current_user, now=now())
    except InvalidInput:
        flash(_("That piece is already linked to five milestones, the maximum."), "error")
    else:
        flash(_("Linked: %(title)s", title=piece.title))
    return see_other("journey.milestone_page", slug=slug, key=key)
