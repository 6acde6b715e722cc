"""Load the question bank, what its questions touch in the roadmaps, and a person's answers."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_items
from roadmap.practice.models import Answer, Citation
from roadmap.practice.rules import AnswerState
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


def answer(session: Session, user_id: uuid.UUID, question: str) -> Answer | None:
    """Load the person's answer to a question, with what it cites."""
    return session.scalars(
        sa.select(Answer)
        .filter_by(user_id=user_id, question=question)
        .options(selectinload(Answer.citations))
    ).first()


def answer_states(session: Session, user_id: uuid.UUID) -> dict[str, AnswerState]:
    """Return what the person has of each question that they began to answer, by its key."""
    cited = sa.select(sa.func.count()).where(Citation.answer_id == Answer.id).scalar_subquery()
    rows = sa.select(Answer.question, Answer.texts, cited).where(Answer.user_id == user_id)
    return {
        question: AnswerState(bool(texts), count)
        for question, texts, count in session.execute(rows)
    }


def own_items(session: Session, user_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[Item]:
    """Load the pieces of evidence with these ids that are the person's own, in their order."""
    found = load_items(session, Audience.OWNER, ids, texts=False) if ids else []
    return [item for item in found if item.user_id == user_id]
