"""Translatable messages of the readiness rules.

The rules do not translate: pages pass gettext and a formatter for numbers and dates to
`Message.text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from roadmap.core.dates import PartialDate
from roadmap.core.gettext_noop import N_, ngettext_noop
from roadmap.evidence.kinds import KINDS

__all__ = ["IMPACT_NAMES", "KIND_NAMES", "N_", "Message", "ngettext_noop"]

IMPACT_NAMES = {"scale": N_("scale"), "business": N_("business"), "team": N_("team")}
KIND_NAMES = {key: kind.name for key, kind in KINDS.items()}


def _choose_english(singular: str, plural: str, num: int) -> str:
    return singular if num == 1 else plural


@dataclass(slots=True, init=False)
class Message:
    """A message template with `%(name)s` placeholders for strings, numbers, dates and messages.

    A plural template, from `ngettext_noop`, needs the value `num`, which selects the form.
    """

    template: str | tuple[str, str]
    values: Mapping[str, Any]

    def __init__(
        self, template: str | tuple[str, str], **values: str | float | date | Message
    ) -> None:
        self.template = template
        self.values = values

    def text(
        self,
        translate: Callable[[str], str] = str,
        format_value: Callable[[float | date], str] = str,
        translate_plural: Callable[[str, str, int], str] = _choose_english,
    ) -> str:
        """Return the text; the defaults give English and unformatted numbers."""
        if isinstance(self.template, str):
            template = translate(self.template)
        else:
            num = self.values["num"]
            # Plural forms need whole numbers; 0.1 and 1.5 take the plural.
            template = translate_plural(*self.template, int(num) if num == int(num) else 2)
        return template % {
            name: value.text(translate, format_value, translate_plural)
            if isinstance(value, Message)
            else value
            if isinstance(value, str) and not isinstance(value, PartialDate)
            else format_value(value)
            for name, value in self.values.items()
        }

    __str__ = text


def join_with_or(names: Sequence[str]) -> Message:
    """Join at least one untranslated name as "a, b or c"."""
    return _join(names, N_("%(first)s or %(last)s"))


def join_with_and(names: Sequence[str]) -> Message:
    """Join at least one untranslated name as "a, b and c"."""
    return _join(names, N_("%(first)s and %(last)s"))


def _join(names: Sequence[str], conjunction: str) -> Message:
    joined = Message(names[0])
    for name in names[1:-1]:
        joined = Message(N_("%(first)s, %(last)s"), first=joined, last=Message(name))
    return Message(conjunction, first=joined, last=Message(names[-1])) if len(names) > 1 else joined


def rounded_down(value: Fraction) -> int | float:
    """Round `value` down to one decimal, so that 4.96 of 5 is not shown as 5."""
    return _tenths(floor(value * 10))


def rounded_up(value: Fraction) -> int | float:
    """Round `value` up to one decimal."""
    return _tenths(ceil(value * 10))


def _tenths(count: int) -> int | float:
    return count // 10 if count % 10 == 0 else count / 10
