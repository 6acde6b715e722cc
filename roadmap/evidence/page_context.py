"""What the page of an item shows to its owner, and its timeline to owner and managers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import abort, make_response, render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import labels
from roadmap.evidence.assignment import assigned_reviewer
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import EvidenceDetail, load_detail
from roadmap.evidence.timeline import load_timeline
from roadmap.people.actor import Actor
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

# Which of these milestones this person has not ticked yet, each with a roadmap's slug. Progress is
# a neighbouring room, so the room above both sets it (`journey.unticked_milestones`).
UntickedLookup = Callable[[Session, uuid.UUID, Collection[str]], Mapping[str, str]]
_unticked_lookup: list[UntickedLookup] = []


def set_unticked_lookup(lookup: UntickedLookup) -> None:
    """Set how the page learns which confirmed milestones still wait for their tick."""
    _unticked_lookup[:] = [lookup]


def render_evidence_page(
    actor: Actor, piece: Evidence, *, refusal: str = "", status: int = 200
) -> Response:
    """Render the owner's page; `refusal` says why a step was refused."""
    detail = load_detail(db.session, Audience.OWNER, piece.id) or abort(404)
    people = holders_of(db.session, piece.user_id, Capability.REVIEW)
    managers = [person.name for person in people]
    page = render_template(
        "evidence/show.html",
        detail=detail,
        managers=managers,
        asked=join_names(managers),
        reader=assigned_reviewer(db.session, piece, people),
        today=actor.today(now()),
        to_tick={
            key: slug
            for lookup in _unticked_lookup
            for key, slug in lookup(db.session, piece.user_id, detail.item.confirmed).items()
        },
        refused=refusal,
        **timeline_context(actor, detail),
    )
    return make_response(page, status)


def timeline_context(
    actor: Actor, detail: EvidenceDetail, form: CommentForm | None = None
) -> dict[str, Any]:
    """Return what `evidence/_timeline.html` shows, to the owner or to a manager of theirs."""
    item = detail.item
    mine = item.user_id == actor.id
    events = load_timeline(db.session, item, detail.judgements, for_author=mine)
    return {
        "piece": item,
        "events": events,
        "said": sum(event.kind == "comment" for event in events),
        "comment_form": form or CommentForm(formdata=None),
        "mine": mine,
        "labels": labels,
    }


def join_names(names: list[str]) -> str:
    """Join names to 'Ann', 'Ann and Ben', or the first two and how many more."""
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
