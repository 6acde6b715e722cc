"""Sentences of the rule, as templates that a page can show in any language.

The rule knows no translations: pages pass gettext and a way to format numbers and dates to
`Message.text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from roadmap.core.gettext_noop import N_
from roadmap.evidence.kinds import KINDS

__all__ = ["IMPACT_NAMES", "KIND_NAMES", "N_", "Message"]

IMPACT_NAMES = {"scale": N_("scale"), "business": N_("business"), "team": N_("team")}
KIND_NAMES = {key: kind.name for key, kind in KINDS.items()}


@dataclass(slots=True, init=False)
class Message:
    """A sentence with named places, `%(name)s`, for strings, numbers, dates and messages."""

    template: str
    values: Mapping[str, Any]

    def __init__(self, template: str, **values: str | float | date | Message) -> None:
        self.template = template
        self.values = values

    def text(
        self, translate: Callable[[str], str] = str, show: Callable[[float | date], str] = str
    ) -> str:
        """Return the sentence, in English without `translate` and `show`."""
        return translate(self.template) % {
            name: value.text(translate, show)
            if isinstance(value, Message)
            else value
            if isinstance(value, str)
            else show(value)
            for name, value in self.values.items()
        }

    __str__ = text


def join_with_or(names: Sequence[str]) -> Message:
    """Say "a, b or c" of untranslated names, one at least."""
    return _join(names, N_("%(first)s or %(last)s"))


def join_with_and(names: Sequence[str]) -> Message:
    """Say "a, b and c" of untranslated names, one at least."""
    return _join(names, N_("%(first)s and %(last)s"))


def _join(names: Sequence[str], ending: str) -> Message:
    joined = Message(names[0])
    for name in names[1:-1]:
        joined = Message(N_("%(first)s, %(last)s"), first=joined, last=Message(name))
    return Message(ending, first=joined, last=Message(names[-1])) if len(names) > 1 else joined


def rounded_down(value: Fraction) -> int | float:
    """Return `value` to one decimal, never more than it is: 4.96 of 5 must not read as 5."""
    return _tenths(floor(value * 10))


def rounded_up(value: Fraction) -> int | float:
    """Return `value` to one decimal, never less than it is."""
    return _tenths(ceil(value * 10))


def _tenths(count: int) -> int | float:
    return count // 10 if count % 10 == 0 else count / 10
