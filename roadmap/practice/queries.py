"""Load the question bank, and what its questions touch in the roadmaps."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.progress.queries import own_and_other_roadmaps

if TYPE_CHECKING:
    from roadmap.practice.content import QuestionBank


@cache
def question_bank() -> QuestionBank:
    """Return the content of this room, read once a process, by its first page."""
    # Pydantic comes with the first content that is read: the start does not wait for it.
    from roadmap.catalog.files import read_as
    from roadmap.practice.content import QuestionBank

    return read_as(Path(__file__).parent / "questions.yaml", QuestionBank)


def skill_titles(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    """Return the skills that questions touch, as the person's roadmaps name them first.

    Those that no published roadmap has are left out.
    """
    touched = {key for question in question_bank().questions for key in question.skills}
    own, others = own_and_other_roadmaps(session, user_id)
    titles: dict[str, str] = {}
    for roadmap in (*own, *others):
        for skill in roadmap.skills:
            if skill.key in touched:
                titles.setdefault(skill.key, skill.title)
    return titles
