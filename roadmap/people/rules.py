"""The rules for names of teams, and for forms that others edited meanwhile. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from roadmap.core.text import clean_line

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_SLUG_LENGTH = 60
MAX_NAME_LENGTH = 200
# Words that have another meaning behind /teams/.
RESERVED_SLUGS = frozenset({"new"})


def is_slug(text: str) -> bool:
    """Return whether this is a slug: small letters, digits, single hyphens."""
    return (
        len(text) <= MAX_SLUG_LENGTH
        and SLUG.fullmatch(text) is not None
        and text not in RESERVED_SLUGS
    )


def slugify(name: str) -> str:
    """Make a slug from a name; empty where no letter or digit of it can be used."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_SLUG_LENGTH].strip("-")


class EditConflict(ValueError):
    """Somebody else changed a field that is changed here; `stored` has what is saved now."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.stored = dict(stored)
        super().__init__(", ".join(sorted(stored)))


def changed_fields(
    sent: Mapping[str, Any], read: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields that a form changes: those that differ from `read` and from `stored`.

    A field that `read` does not name was typed on purpose. Raise EditConflict where somebody else
    has saved another value of a field that is changed here. Texts are compared as a form reads
    them, because an older release stored some line ends differently.
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
