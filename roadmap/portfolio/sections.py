"""The sections of a portfolio, which a person orders and hides in each of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from roadmap.core.gettext_noop import N_

# In the usual order. The name and the headline come before all of them.
SECTIONS: dict[str, str] = {
    "introduction": N_("Introduction"),
    "results": N_("Measured and verified"),
    "evidence": N_("Evidence"),
    "experience": N_("Experience"),
    "education": N_("Education"),
    "skills": N_("Skills"),
}


def ordered(order: str) -> list[str]:
    """Return the keys of all sections in a stored order; what it does not name comes last."""
    keys = [key for key in order.split() if key in SECTIONS]
    return [*keys, *(key for key in SECTIONS if key not in keys)]


def shown(order: str, hidden: str) -> tuple[str, ...]:
    """Return the keys of the sections that readers get, in order.

    Results are those of the evidence: where that is hidden, they are as well.
    """
    left_out = set(hidden.split())
    if "evidence" in left_out:
        left_out.add("results")
    return tuple(key for key in ordered(order) if key not in left_out)


def moved(order: str, key: str, place: int) -> list[str]:
    """Return the keys in a stored order with one at a place, counted from 0 and clamped."""
    keys = [each for each in ordered(order) if each != key]
    keys.insert(max(0, place), key)
    return keys


def joined(keys: Sequence[str]) -> str:
    """Return the keys as they are stored; the usual order is stored as nothing."""
    return "" if list(keys) == list(SECTIONS) else " ".join(keys)
