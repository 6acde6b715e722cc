"""What every calendar file that Cairn writes begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import icalendar


def new_calendar(product: str) -> icalendar.Calendar:
    """Return a calendar without events; `product` names what of Cairn wrote it."""
    # Only where a calendar is written: the start of the process does not wait for it.
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Cairn//{product}//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar
