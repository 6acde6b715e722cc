"""The wording of a milestone in a revision, to show what was confirmed. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """The title and "done when" of a milestone in a revision of its roadmap."""

    title: str
    done_when: str
    revision: int
    published_at: dt.datetime
