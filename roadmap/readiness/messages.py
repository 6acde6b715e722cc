"""The sentences of a judgement, kept as templates so that a page can say them in any language.

The rule knows no translations. It hands out `Message`s; whoever shows one passes gettext (and a way
to show numbers and dates) to `Message.text`, and without those the sentence comes out in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from roadmap.core.gettext_noop import N_
from roadmap.evidence.kinds import KINDS

__all__ = ["DEGREE_LEVELS", "IMPACT_NAMES", "KIND_NAMES", "N_", "Message"]


def _identity(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with named places, `%(name)s`; a value may itself be a message."""

    template: str
    values: Mapping[str, str | int | float | date | Message] = field(default_factory=dict)

    def text(
        self,
        translate: Callable[[str], str] = _identity,
        show: Callable[[int | float | date], str] = str,
    ) -> str:
        """Return the sentence; `translate` gets each template, `show` each number or date."""
        rendered = {}
        for name, value in self.values.items():
            if isinstance(value, Message):
                rendered[name] = value.text(translate, show)
            elif isinstance(value, str):
                rendered[name] = value
            else:
                rendered[name] = show(value)
        return translate(self.template) % rendered

    def __str__(self) -> str:
        return self.text()


IMPACT_NAMES: Mapping[str, str] = {
    "scale": N_("scale"),
    "business": N_("business"),
    "team": N_("team"),
}
KIND_NAMES: Mapping[str, str] = {key: kind.name for key, kind in KINDS.items()}
DEGREE_LEVELS = ("bachelor", "master", "doctorate")


def join_with_or(names: Sequence[str]) -> Message:
    """Say "a, b or c" of untranslated names, one at least."""
    return _join(names, N_("%(first)s or %(last)s"))


def join_with_and(names: Sequence[str]) -> Message:
    """Say "a, b and c" of untranslated names, one at least."""
    return _join(names, N_("%(first)s and %(last)s"))


def _join(names: Sequence[str], ending: str) -> Message:
    rendered = Message(names[0])
    for name in names[1:-1]:
        rendered = Message(N_("%(first)s, %(last)s"), {"first": rendered, "last": Message(name)})
    if len(names) > 1:
        rendered = Message(ending, {"first": rendered, "last": Message(names[-1])})
    return rendered


def rounded_down(value: Fraction) -> int | float:
    """Return `value` to one decimal, never more than it is: 4.96 of 5 must not read as 5."""
    return _tenths(value.numerator * 10 // value.denominator)


def rounded_up(value: Fraction) -> int | float:
    """Return `value` to one decimal, never less than it is."""
    return _tenths(-(-value.numerator * 10 // value.denominator))


def _tenths(count: int) -> int | float:
    return count // 10 if count % 10 == 0 else count / 10
