"""Read a pasted list of e-mail addresses."""

from __future__ import annotations

import re
from typing import NamedTuple

from roadmap.core.text import clean_line

# A name may contain a comma ("Lovelace, Ada <ada@example.org>"), as mail programs copy it. With an
# @, it is an address of its own. The lengths keep the time linear.
_ENTRY = re.compile(r"[^;<>@]{0,200}<[^<>]{0,400}>|[^;,]+")
_NAMED = re.compile(r"<([^<>]*)>$")


class Entry(NamedTuple):
    """An entered address, not yet validated, and the number of its line."""

    line: int
    address: str


def split_addresses(text: str) -> list[Entry]:
    """Split a text at line ends, commas and semicolons; reduce `Name <address>` to the address."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for entry in map(clean_line, _ENTRY.findall(line)):
            named = _NAMED.search(entry)
            if entry:
                found.append(Entry(number, clean_line(named and named[1]) or entry))
    return found
