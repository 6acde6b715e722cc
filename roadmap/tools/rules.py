"""Rules for stale tool experience and for tool names in texts. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from roadmap.core.dates import PartialDate, months_later

# After this time without use, the tool has probably changed too much.
STALE_MONTHS = 18


def is_stale(last_used: PartialDate | None, today: dt.date) -> bool:
    """Return whether the last use is too long ago. Months and years count through their end."""
    return last_used is not None and months_later(last_used.last, STALE_MONTHS) < today


def mentions_any(names: Iterable[str], *texts: str) -> bool:
    """Return whether any text contains one of these names as whole words, case-sensitive."""
    words = "|".join(re.escape(name) for name in names)
    return any(re.search(rf"(?<!\w)(?:{words})(?!\w)", text) for text in texts)
