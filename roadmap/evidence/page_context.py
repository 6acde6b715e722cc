"""The page of a piece as its author sees it, and its thread as both sides do."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import labels, queries
from roadmap.evidence.assignment import assigned_reviewer
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.models import Evidence
from roadmap.evidence.shared import as_shared
from roadmap.evidence.timeline import load_timeline
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

# Which of these milestones this person has not ticked yet, each with a roadmap's slug. Progress is
# a neighbouring room, so the room above both sets it (`journey.unticked_milestones`).
UntickedLookup = Callable[[Session, uuid.UUID, Collection[str]], Mapping[str, str]]
_unticked_lookup: list[UntickedLookup] = []


def set_unticked_lookup(lookup: UntickedLookup) -> None:
    """Set how the page learns which confirmed milestones still wait for their tick."""
    _unticked_lookup[:] = [lookup]


def render_evidence_page(piece: Evidence, *, said: str = "", status: int = 200) -> Response:
    """The author's page; `said` is why a step was refused, to be said on top."""
    detail = queries.load_detail(db.session, piece)
    today: dt.date = current_user.today(now())
    people = holders_of(db.session, piece.user_id, Capability.REVIEW)
    managers = [person.name for person in people]
    page = render_template(
        "evidence/show.html",
        detail=detail,
        managers=managers,
        asked=join_names(managers),
        reader=assigned_reviewer(db.session, piece, people),
        today=today,
        to_tick={
            key: slug
            for lookup in _unticked_lookup
            for key, slug in lookup(db.session, piece.user_id, detail.confirmed).items()
        },
        refused=said,
        **timeline_context(piece, detail),
    )
    return make_response(page, status)


def timeline_context(
    piece: Evidence, detail: queries.EvidenceDetail | None = None, form: CommentForm | None = None
) -> dict[str, Any]:
    """What `evidence/_timeline.html` shows, to the author or to a manager of theirs."""
    mine = piece.user_id == current_user.id
    found = detail or queries.load_detail(db.session, piece)
    if not mine:
        found = as_shared(found)
    events = load_timeline(db.session, piece, found.judgements, for_author=mine)
    return {
        "piece": piece,
        "events": events,
        "said": sum(event.kind == "comment" for event in events),
        "comment_form": form or CommentForm(formdata=None),
        "mine": mine,
        "labels": labels,
    }


def join_names(names: list[str]) -> str:
    """'Ann', 'Ann and Ben', or in a larger group the first two and how many more."""
    if len(names) < 2:
        return "".join(names)
    if len(names) == 2:
        return _("%(first)s and %(second)s", first=names[0], second=names[1])
    return _(
        "%(first)s, %(second)s and %(more)d more",
        first=names[0],
        second=names[1],
        more=len(names) - 2,
    )
