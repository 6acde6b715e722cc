"""Which questions are shown, and which answers prove what they say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadmap.practice.content import Question

# The fields of an answer, by its form.
TEXT_FIELDS = {"star": ("situation", "task", "action", "result"), "outline": ("outline",)}


@dataclass(frozen=True, slots=True)
class AnswerState:
    """Whether a question is answered, and how many pieces of evidence the answer cites."""

    is_answered: bool = False
    cited: int = 0

    def fits(self, wanted: str) -> bool:
        """Tell whether it is `answered`, `unanswered` or `unproven`; an empty word fits all.

        An answer that cites nothing is without proof, and so is a question without an answer.
        """
        return {
            "answered": self.is_answered,
            "unanswered": not self.is_answered,
            "unproven": not (self.is_answered and self.cited),
        }.get(wanted, True)


ANSWER_STATES = ("unproven", "unanswered", "answered")
UNANSWERED = AnswerState()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question has to be. What is empty asks for nothing; `words` have to be in it all."""

    skill: str = ""
    milestone: str = ""
    difficulty: int | None = None
    answer: str = ""
    words: tuple[str, ...] = ()

    def admits(self, question: Question, answers: Mapping[str, AnswerState]) -> bool:
        return (
            _asks_for(self.skill, question.skills)
            and _asks_for(self.milestone, question.milestones)
            and self.difficulty in (None, question.difficulty)
            and answers.get(question.key, UNANSWERED).fits(self.answer)
            and all(word in question.search_text for word in self.words)
        )


def _asks_for(wanted: str, keys: Collection[str]) -> bool:
    return not wanted or wanted in keys
