"""The list of one's evidence, a piece's page, and its deletion. The form stands in `editing.py`."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.limiter import limit_searches
from roadmap.core.text import clean, one_line
from roadmap.core.web import now, page_number, see_other, wants_fragment
from roadmap.evidence import actions, editing, labels, queries, views_submission
from roadmap.evidence.blueprint import evidence, own_piece
from roadmap.evidence.listing import SORTS, TONES, Filters, Overview, listing, overview
from roadmap.evidence.models import Evidence
from roadmap.evidence.showing import piece_page
from roadmap.evidence.words import KINDS, STATES, VISIBILITIES
from roadmap.people import access
from roadmap.people.access import permit

__all__ = ["editing", "evidence", "views_submission"]


@evidence.get("/evidence")
@permit("evidence.read")
@limit_searches
def index() -> str:
    """The list; for htmx the part of it that filters change."""
    today = current_user.today(now())
    filters = _filters()
    found = listing(db.session, current_user.id, filters, today=today, page=page_number())
    pages = {
        name: f"/evidence?{urlencode({**_given(), 'page': found.page + step})}"
        for name, step, there in (
            ("previous", -1, found.page > 1),
            ("next", 1, found.has_next),
        )
        if there
    }
    shown = {"found": found, "filters": filters, "pages": pages, "labels": labels}
    if wants_fragment():
        return render_template("evidence/_pieces.html", **shown)
    seen = overview(db.session, current_user.id, today=today)
    return render_template(
        "evidence/index.html", **shown, overview=seen, choices=_choices(seen), sorts=SORTS
    )


@evidence.get("/evidence/<uuid:evidence_id>")
@permit("evidence.read")
def show(evidence_id: uuid.UUID) -> Response:
    """Its author's page; whoever may review it is led to where that is done."""
    piece = access.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
    if piece.user_id != current_user.id:
        return redirect(f"/reviews/{piece.id}", code=303)
    return piece_page(piece)


@evidence.get("/evidence/<uuid:evidence_id>/delete")
@permit("evidence.write")
def ask_delete(evidence_id: uuid.UUID) -> str:
    """Asks before anything goes: what would be lost, and how to go back."""
    piece = own_piece("evidence.write", evidence_id)
    return render_template(
        "evidence/delete.html", piece=piece, detail=queries.detail(db.session, piece), labels=labels
    )


@evidence.delete("/evidence/<uuid:evidence_id>")
@permit("evidence.write")
def delete(evidence_id: uuid.UUID) -> Response:
    piece = own_piece("evidence.write", evidence_id)
    title = labels.brief(piece.title)
    actions.delete(db.session, piece, by=current_user, now=now())
    flash(_("“%(title)s” is deleted.", title=title), "message")
    return see_other("evidence.index")


def _filters() -> Filters:
    """What the address asks for; what it does not know means any."""
    return Filters(
        q=one_line(request.args.get("q"))[:200],
        kind=_one_of("kind", KINDS),
        state=_one_of("state", STATES),
        tone=_one_of("tone", TONES),
        visibility=_one_of("visibility", VISIBILITIES),
        milestone=_key("milestone"),
        skill=_key("skill"),
        year=_year(),
        sort=_one_of("sort", SORTS) or "newest",
    )


def _one_of(name: str, words: tuple[str, ...]) -> str | None:
    value = request.args.get(name)
    return value if value in words else None


def _key(name: str) -> str | None:
    return clean(request.args.get(name, ""))[:60] or None


def _year() -> int | None:
    text = request.args.get("year", "")
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        return None
    return year if 1950 <= (year := int(text)) <= 2200 else None


def _given() -> dict[str, str]:
    """The filters of the address that say something, to be carried to another page."""
    names = ("q", "kind", "state", "tone", "visibility", "milestone", "skill", "year", "sort")
    return {name: value for name in names if (value := clean(request.args.get(name, "")))}


def _choices(seen: Overview) -> dict[str, list[tuple[str, Any]]]:
    """What each filter offers."""
    return {
        "kind": list(labels.KINDS.items()),
        "tone": list(labels.TONES.items()),
        "state": list(labels.STATES.items()),
        "visibility": list(labels.VISIBILITIES.items()),
        "year": [(str(year), str(year)) for year in seen.years],
        "milestone": list(seen.milestones),
        "skill": list(seen.skills),
    }
