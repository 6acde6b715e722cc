"""Field-by-field differences between two versions of an item. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from roadmap.evidence.item import CONTENT_FIELDS, Content

# Longer texts are shown one after the other, because diffing them takes too long.
MAX_DIFF_LINES = 400


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs. `lines` is a line diff of ('', '-' or '+', text) for long texts."""

    field: str
    before: object
    after: object
    lines: tuple[tuple[str, str], ...] = ()


def differences(before: Content, after: Content) -> tuple[Difference, ...]:
    """Return the fields of the content that differ, in the order of the form."""
    return tuple(
        Difference(name, old, new, _diff_lines(old, new) if name == "description" else ())
        for name in CONTENT_FIELDS
        if (old := getattr(before, name)) != (new := getattr(after, name))
    )


def _diff_lines(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Return the lines of both texts in order, marked as removed (-), added (+) or kept ('')."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > MAX_DIFF_LINES:
        return (*_mark_lines("-", old), *_mark_lines("+", new))
    found: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            found += _mark_lines("", old[a:b])
        else:
            found += [*_mark_lines("-", old[a:b]), *_mark_lines("+", new[c:d])]
    return tuple(found)


def _mark_lines(mark: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    return [(mark, line) for line in lines]
