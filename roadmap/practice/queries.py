"""Load the question bank, related skills, and a user's answers, attempts and schedules."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_items
from roadmap.practice.models import (
    Answer,
    Citation,
    MockInterview,
    MockRound,
    PeerLink,
    PracticeAttempt,
    PracticeCard,
)
from roadmap.practice.rules import AnswerState, LastRating
from roadmap.progress.queries import own_and_other_roadmaps

if TYPE_CHECKING:
    from roadmap.practice.content import QuestionBank


@cache
def question_bank() -> QuestionBank:
    """Return the parsed question bank, which is cached per process."""
    # Imported here, so that Pydantic does not slow down the start of the application.
    from roadmap.catalog.files import read_as
    from roadmap.practice.content import QuestionBank

    return read_as(Path(__file__).parent / "questions.yaml", QuestionBank)


def skill_titles(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    """Return titles of the skills that questions refer to, preferring the user's roadmaps."""
    touched = {key for question in question_bank().questions for key in question.skills}
    own, others = own_and_other_roadmaps(session, user_id)
    titles: dict[str, str] = {}
    for roadmap in (*own, *others):
        for skill in roadmap.skills:
            if skill.key in touched:
                titles.setdefault(skill.key, skill.title)
    return titles


def answer(session: Session, user_id: uuid.UUID, question: str) -> Answer | None:
    """Load the user's answer to a question with its citations."""
    return session.scalars(
        sa.select(Answer)
        .filter_by(user_id=user_id, question=question)
        .options(selectinload(Answer.citations))
    ).first()


def answer_states(session: Session, user_id: uuid.UUID) -> dict[str, AnswerState]:
    """Load the state of each saved answer by question key."""
    cited = sa.select(sa.func.count()).where(Citation.answer_id == Answer.id).scalar_subquery()
    rows = sa.select(Answer.question, Answer.texts, cited).where(Answer.user_id == user_id)
    return {
        question: AnswerState(bool(texts), count)
        for question, texts, count in session.execute(rows)
    }


def own_items(session: Session, user_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[Item]:
    """Load the user's own pieces among these ids, in the order of the ids."""
    found = load_items(session, Audience.OWNER, ids, texts=False)
    return [item for item in found if item.user_id == user_id]


def attempts(session: Session, user_id: uuid.UUID, question: str) -> Sequence[PracticeAttempt]:
    """Load the user's attempts at a question, newest first."""
    return session.scalars(
        sa.select(PracticeAttempt)
        .filter_by(user_id=user_id, question=question)
        .order_by(PracticeAttempt.started_at.desc(), PracticeAttempt.id.desc())
    ).all()


def unrated_attempts(session: Session, user_id: uuid.UUID) -> Sequence[PracticeAttempt]:
    """Load the user's running and unrated attempts, newest first."""
    return session.scalars(
        sa.select(PracticeAttempt)
        .where(PracticeAttempt.user_id == user_id, PracticeAttempt.rating.is_(None))
        .order_by(PracticeAttempt.started_at.desc())
    ).all()


def cards(session: Session, user_id: uuid.UUID) -> dict[str, PracticeCard]:
    """Load the schedules of practised questions by key, earliest due first."""
    found = (
        sa.select(PracticeCard)
        .where(PracticeCard.user_id == user_id)
        .order_by(PracticeCard.due, PracticeCard.question)
    )
    return {each.question: each for each in session.scalars(found)}


def card(session: Session, user_id: uuid.UUID, question: str) -> PracticeCard | None:
    """Load the schedule of a question, None if it was never rated."""
    return session.scalars(
        sa.select(PracticeCard).filter_by(user_id=user_id, question=question)
    ).first()


def has_questions_about(milestone: str) -> bool:
    """Return whether any question refers to a milestone."""
    return any(milestone in question.milestones for question in question_bank().questions)


def days_practised(session: Session, user_id: uuid.UUID, zone: dt.tzinfo) -> set[dt.date]:
    """Load the local days of the user's last 1,000 ratings."""
    rated = sa.select(PracticeAttempt.rated_at).where(
        PracticeAttempt.user_id == user_id, PracticeAttempt.rated_at.is_not(None)
    )
    newest = rated.order_by(PracticeAttempt.rated_at.desc()).limit(1000)
    return {at.astimezone(zone).date() for at in session.scalars(newest) if at}


def last_ratings(
    session: Session, user_id: uuid.UUID, zone: dt.tzinfo, cards: Mapping[str, PracticeCard]
) -> dict[str, LastRating]:
    """Load the last rating of each question, by the user or a peer, with the local day."""
    ratings = [(each.last_review, key, each.last_rating) for key, each in cards.items()]
    by_peers = sa.select(PeerLink.rated_at, PeerLink.question, PeerLink.rating).where(
        PeerLink.user_id == user_id, PeerLink.rating.is_not(None)
    )
    ratings += [(at, key, level) for at, key, level in session.execute(by_peers) if at and level]
    return {
        key: LastRating(rating, at.astimezone(zone).date()) for at, key, rating in sorted(ratings)
    }


def mocks(session: Session, user_id: uuid.UUID) -> Sequence[MockInterview]:
    """Load the user's mock interviews with their rounds, newest first."""
    return session.scalars(
        sa.select(MockInterview)
        .filter_by(user_id=user_id)
        .order_by(MockInterview.started_at.desc(), MockInterview.id.desc())
        .options(selectinload(MockInterview.rounds).selectinload(MockRound.attempt))
    ).all()


def find_round(session: Session, attempt: PracticeAttempt) -> MockRound | None:
    """Load the mock interview round of an attempt, if any."""
    return session.scalars(sa.select(MockRound).filter_by(attempt_id=attempt.id)).first()


def peer_links(session: Session, user_id: uuid.UUID, question: str = "") -> Sequence[PeerLink]:
    """Load the user's peer links, of one question or all, newest first."""
    found = sa.select(PeerLink).where(PeerLink.user_id == user_id)
    if question:
        found = found.where(PeerLink.question == question)
    return session.scalars(found.order_by(PeerLink.created_at.desc(), PeerLink.id.desc())).all()
