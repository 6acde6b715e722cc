"""Create iCalendar files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import icalendar


def new_calendar(product: str) -> icalendar.Calendar:
    """Return an empty calendar. `product` names the feature of Cairn that creates it."""
    # Imported late to keep process start fast.
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Cairn//{product}//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar
