"""How fresh a tool is in somebody's hands, and whether a text names it. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from roadmap.core.dates import PartialDate, months_later

# Not used for longer than this, a tool has moved on, and so have its versions.
STALE_MONTHS = 18


def is_stale(last_used: PartialDate | None, today: dt.date) -> bool:
    """Tell whether a tool was last used too long ago; a month or a year lasts to its end."""
    return last_used is not None and months_later(last_used.last, STALE_MONTHS) < today


def names_one_of(names: Iterable[str], *texts: str) -> bool:
    """Tell whether a text has one of these names as words of its own, written like that."""
    words = "|".join(re.escape(name) for name in names)
    return any(re.search(rf"(?<!\w)(?:{words})(?!\w)", text) for text in texts)
