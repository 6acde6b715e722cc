"""The sections of a portfolio, which its owner can reorder and hide. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from roadmap.core.gettext_noop import N_

# In the default order. The name and the headline precede all sections.
SECTIONS: dict[str, str] = {
    "introduction": N_("Introduction"),
    "results": N_("Measured and verified"),
    "evidence": N_("Evidence"),
    "experience": N_("Experience"),
    "education": N_("Education"),
    "skills": N_("Skills"),
}


def ordered(order: str) -> list[str]:
    """Return the keys of all sections in a stored order, with missing ones at the end."""
    keys = [key for key in order.split() if key in SECTIONS]
    return [*keys, *(key for key in SECTIONS if key not in keys)]


def shown(order: str, hidden: str) -> tuple[str, ...]:
    """Return the keys of the visible sections, in order.

    Hiding the evidence also hides the results, which are part of it.
    """
    left_out = set(hidden.split())
    if "evidence" in left_out:
        left_out.add("results")
    return tuple(key for key in ordered(order) if key not in left_out)


def moved(order: str, key: str, position: int) -> list[str]:
    """Return the keys of all sections with one moved to a 0-based position, clamped."""
    keys = [each for each in ordered(order) if each != key]
    keys.insert(max(0, position), key)
    return keys


def to_stored(keys: Sequence[str]) -> str:
    """Return the keys in their stored form; the default order is stored as an empty string."""
    return "" if list(keys) == list(SECTIONS) else " ".join(keys)
