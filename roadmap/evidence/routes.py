"""The list of one's evidence, the page of an item, and its deletion."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.limiter import limit_searches
from roadmap.core.text import clean_line, strip_control_characters
from roadmap.core.web import now, page_number, see_other, wants_fragment
from roadmap.evidence import actions, labels, routes_form, routes_submission
from roadmap.evidence.blueprint import evidence, load_own_evidence
from roadmap.evidence.constants import STATES, TONES, VISIBILITIES
from roadmap.evidence.item import Audience
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.list_query import (
    FILTER_NAMES,
    SORTS,
    Filters,
    Overview,
    list_evidence,
    load_overview,
)
from roadmap.evidence.models import Evidence
from roadmap.evidence.page_context import render_evidence_page
from roadmap.evidence.queries import load_detail
from roadmap.people import permissions
from roadmap.people.permissions import permit

__all__ = ["evidence", "routes_form", "routes_submission"]


@evidence.get("/evidence")
@permit("evidence.read")
@limit_searches
def index() -> str:
    """Show the list; for htmx only the part of it that filters change."""
    today = current_user.today(now())
    filters = _parse_filters()
    found = list_evidence(db.session, current_user.id, filters, today=today, page=page_number())
    pages = {
        name: f"/evidence?{urlencode({**_active_query(), 'page': found.page + step})}"
        for name, step, there in (
            ("previous", -1, found.page > 1),
            ("next", 1, found.has_next),
        )
        if there
    }
    shown = {"found": found, "filters": filters, "pages": pages, "labels": labels, "today": today}
    if wants_fragment():
        return render_template("evidence/_list.html", **shown)
    overview = load_overview(db.session, current_user.id, today=today)
    return render_template(
        "evidence/index.html",
        **shown,
        overview=overview,
        choices=_filter_choices(overview),
    )


@evidence.get("/evidence/<uuid:evidence_id>")
@permit("evidence.read")
def show(evidence_id: uuid.UUID) -> Response:
    """Show an item to its owner; a reviewer is redirected to the page of the review."""
    piece = permissions.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
    if piece.user_id != current_user.id:
        return redirect(f"/reviews/{piece.id}", code=303)
    return render_evidence_page(current_user, piece)


@evidence.get("/evidence/<uuid:evidence_id>/delete")
@permit("evidence.write")
def ask_delete(evidence_id: uuid.UUID) -> str:
    """Ask before deleting: say what would be lost."""
    piece = load_own_evidence(current_user, "evidence.write", evidence_id)
    detail = load_detail(db.session, Audience.OWNER, piece.id) or abort(404)
    return render_template("evidence/delete.html", piece=detail.item, detail=detail, labels=labels)


@evidence.delete("/evidence/<uuid:evidence_id>")
@permit("evidence.write")
def delete(evidence_id: uuid.UUID) -> Response:
    piece = load_own_evidence(current_user, "evidence.write", evidence_id)
    title = labels.shorten_title(piece.title)
    actions.delete(db.session, piece, by=current_user, now=now())
    flash(_("“%(title)s” is deleted.", title=title), "message")
    return see_other("evidence.index")


def _parse_filters() -> Filters:
    """Parse the filters of the address; an unknown value means any."""
    return Filters(
        q=clean_line(request.args.get("q"))[:200],
        kind=_parse_choice("kind", KINDS),
        state=_parse_choice("state", STATES),
        tone=_parse_choice("tone", TONES),
        visibility=_parse_choice("visibility", VISIBILITIES),
        milestone=_parse_key("milestone"),
        skill=_parse_key("skill"),
        year=_parse_year(),
        sort=_parse_choice("sort", SORTS) or "newest",
    )


def _parse_choice(name: str, allowed: Collection[str]) -> str | None:
    value = request.args.get(name)
    return value if value in allowed else None


def _parse_key(name: str) -> str | None:
    return strip_control_characters(request.args.get(name, ""))[:60] or None


def _parse_year() -> int | None:
    text = request.args.get("year", "")
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        return None
    return year if 1950 <= (year := int(text)) <= 2200 else None


def _active_query() -> dict[str, str]:
    """Return the filters that are set, to be carried to another page."""
    return {
        name: value
        for name in ("q", *FILTER_NAMES, "sort")
        if (value := strip_control_characters(request.args.get(name, "")))
    }


def _filter_choices(overview: Overview) -> dict[str, list[tuple[str, Any]]]:
    """Return the options of each filter, as pairs of value and label."""
    return {
        "kind": list(labels.KINDS.items()),
        "tone": list(labels.TONES.items()),
        "state": list(labels.STATES.items()),
        "visibility": list(labels.VISIBILITIES.items()),
        "year": [(str(year), str(year)) for year in overview.years],
        "milestone": list(overview.milestones),
        "skill": list(overview.skills),
    }
