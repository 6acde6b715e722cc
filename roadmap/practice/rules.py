"""Which questions are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadmap.practice.content import Question


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question has to be. What is empty asks for nothing; `words` have to be in it all."""

    skill: str = ""
    difficulty: int | None = None
    words: tuple[str, ...] = ()

    def admits(self, question: Question) -> bool:
        return (
            self.skill in ("", *question.skills)
            and self.difficulty in (None, question.difficulty)
            and all(word in question.search_text for word in self.words)
        )
