"""What a team may be called, and what becomes of a form that was open meanwhile. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from roadmap.core.text import clean_line

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_SLUG_LENGTH = 60
MAX_NAME_LENGTH = 200
# Words that stand behind /teams/ for something else.
RESERVED_SLUGS = frozenset({"new"})


def is_slug(text: str) -> bool:
    """Whether this may stand in an address: small letters, digits, single hyphens."""
    return (
        len(text) <= MAX_SLUG_LENGTH
        and SLUG.fullmatch(text) is not None
        and text not in RESERVED_SLUGS
    )


def slugify(name: str) -> str:
    """A slug made from a name; empty where nothing of it can stand in an address."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_SLUG_LENGTH].strip("-")


class EditConflict(ValueError):
    """A field was changed by the one who sends it and by somebody else. `stored` has the values of
    such fields that are saved now."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.stored = dict(stored)
        super().__init__(", ".join(sorted(stored)))


def changed_fields(
    sent: Mapping[str, Any], read: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """What a form changes: the fields that differ from what it was read with, and from `stored`.

    A field that `read` does not name was typed on purpose. Raises ChangedMeanwhile where somebody
    else has saved another value of a field that is changed here. A text of an older release comes
    back as a form reads it, and is the same.
    """
    changed = {
        name: value
        for name, value in sent.items()
        if value != stored[name] and (name not in read or value != read[name])
    }
    late = {
        name: stored[name]
        for name in changed
        if name in read and _normalize_text(stored[name]) != _normalize_text(read[name])
    }
    if late:
        raise EditConflict(late)
    return changed


def _normalize_text(value: Any) -> Any:
    return clean_line(value) if isinstance(value, str) else value
