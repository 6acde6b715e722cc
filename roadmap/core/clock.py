"""The current time and the list of time zones."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import cache

OTHER_REGIONS = ("posix", "right", "Etc", "SystemV")


def utc_now() -> dt.datetime:
    """Return the current time in UTC."""
    return dt.datetime.now(dt.UTC)


@cache
def timezone_names() -> tuple[str, ...]:
    """Return all time zones that users can choose, UTC first."""
    regions = ((name, name.partition("/")) for name in sorted(zoneinfo.available_timezones()))
    names = (name for name, (at, _, place) in regions if place and at not in OTHER_REGIONS)
    return ("UTC", *names)
