"""Sort calendar events into categories, each with a reason. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from roadmap.core.text import fold

if TYPE_CHECKING:
    from roadmap.time_budget.content import SortingRules


@dataclass(frozen=True, slots=True)
class Choice:
    """A category and its reason: "learned", "word" (see `word`), "two", "many" or "alone"."""

    category: str
    reason: str
    word: str = ""


@dataclass(frozen=True)
class Sorter:
    """The rules, and the categories that a person chose for titles, by `title_key`."""

    rules: SortingRules
    learned: Mapping[str, str] = field(default_factory=dict)
    owner: bytes = b""

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        return [
            (rule.category, _pattern([word for words in rule.words.values() for word in words]))
            for rule in self.rules.rules
        ]

    def sort(self, title: str, people: int) -> Choice:
        """Return an event's category; `people` includes the person, and is 0 if none is named."""
        if category := self.learned.get(title_key(title, self.owner)):
            return Choice(category, "learned")
        folded = _fold(title)
        for category, pattern in self._patterns:
            if found := pattern.search(folded):
                return Choice(category, "word", found[0])
        if people == 2:
            return Choice(self.rules.two, "two")
        return Choice(self.rules.many, "many") if people > 2 else Choice(self.rules.alone, "alone")


def title_key(title: str, owner: bytes) -> str:
    """Return a digest of a learned title, so that titles themselves are not stored.

    It is keyed by owner, and ignores case, accents and whitespace.
    """
    digest = hashlib.blake2b(_fold(title).encode(), key=owner, digest_size=16)
    return digest.hexdigest()


def _fold(title: str) -> str:
    return " ".join(fold(title).split())


def _pattern(words: list[str]) -> re.Pattern[str]:
    """Return a pattern for any of the words; a final * matches the rest of a word."""
    texts = []
    for word in words:
        beginning = re.escape(fold(word.removesuffix("*")))
        texts.append(beginning + (r"\w*" if word.endswith("*") else ""))
    return re.compile(rf"(?<!\w)(?:{'|'.join(texts)})(?!\w)")
