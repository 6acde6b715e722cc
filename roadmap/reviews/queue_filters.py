"""The filters of the queue as an address carries them."""

from __future__ import annotations

import uuid

from flask import request

from roadmap.core.text import strip_control_characters
from roadmap.evidence.kinds import KINDS
from roadmap.reviews.queries import SHOW_OPTIONS, Filters


def parse_filters() -> Filters:
    """Parse the filters of this request; an unknown value means any."""
    kind = request.args.get("kind", "")
    show = request.args.get("show", "")
    return Filters(
        person=_parse_person(),
        kind=kind if kind in KINDS else None,
        team=strip_control_characters(request.args.get("team", ""))[:60] or None,
        show=show if show in SHOW_OPTIONS else "waiting",
    )


def _parse_person() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("person", ""))
    except ValueError:
        return None


def active_query() -> dict[str, str]:
    """Return the filters that are set, as an address carries them."""
    filters = parse_filters()
    values = {
        "person": str(filters.person or ""),
        "kind": filters.kind or "",
        "team": filters.team or "",
        "show": filters.show if filters.show != "waiting" else "",
    }
    return {name: value for name, value in values.items() if value}
