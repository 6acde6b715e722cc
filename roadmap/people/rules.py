"""What a team may be called. Pure."""

from __future__ import annotations

import re
import unicodedata

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 60
LONGEST_NAME = 200
# Words that stand behind /teams/ for something else.
RESERVED = frozenset({"new"})


def is_slug(text: str) -> bool:
    """Whether this may stand in an address: small letters, digits, single hyphens."""
    return len(text) <= LONGEST_SLUG and SLUG.fullmatch(text) is not None and text not in RESERVED


def slug_of(name: str) -> str:
    """A slug made from a name; empty where nothing of it can stand in an address."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_SLUG].strip("-")
