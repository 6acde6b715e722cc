"""How a milestone was worded in a revision, for what was confirmed then. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """The title and the "done when" of a milestone in a revision of its roadmap."""

    title: str
    done_when: str
    revision: int
    published_at: dt.datetime
