"""Tables of interview practice, visible only to their owner.

A peer with a link sees the one answer of that link.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from roadmap.core.types import Base, Id, Json, check_one_of, foreign_key
from roadmap.people.models import OwnerId

if TYPE_CHECKING:
    from fsrs import Card

ANSWER_FORMS = ("star", "outline")
# The levels of every rubric.
RATINGS = (1, 2, 3, 4)


def _check_rating(column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} BETWEEN 1 AND 4", name=column)


class Answer(Base):
    """A user's answer to a question, and the evidence that it cites.

    `texts` are keyed by form field. `revision` is incremented by each change to detect stale forms.
    """

    __tablename__ = "practice_answer"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    question: Mapped[str] = mapped_column(sa.String(60))
    form: Mapped[str] = mapped_column(sa.String(8))
    texts: Mapped[Json]
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime]

    citations: Mapped[list[Citation]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        sa.UniqueConstraint("user_id", "question"),
        check_one_of("form", "form", ANSWER_FORMS),
    )


class Citation(Base):
    """A piece of evidence that an answer cites."""

    __tablename__ = "practice_citation"

    answer_id: Mapped[uuid.UUID] = foreign_key("practice_answer.id", primary_key=True)
    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id", primary_key=True, index=True)
    user_id: Mapped[OwnerId]


class PracticeAttempt(Base):
    """An attempt at a question. It is running while `seconds` is None, then it can be rated."""

    __tablename__ = "practice_attempt"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id")
    question: Mapped[str] = mapped_column(sa.String(60))
    started_at: Mapped[dt.datetime]
    seconds: Mapped[int | None]
    rating: Mapped[int | None]
    rated_at: Mapped[dt.datetime | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        _check_rating("rating"),
        sa.Index("ix_practice_attempt_user_id_question", "user_id", "question"),
    )


class PracticeCard(Base):
    """The review schedule of a question, with the columns of an FSRS card."""

    __tablename__ = "practice_card"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    question: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    state: Mapped[int]
    step: Mapped[int | None]
    stability: Mapped[float | None]
    difficulty: Mapped[float | None]
    due: Mapped[dt.datetime]
    last_review: Mapped[dt.datetime]
    last_rating: Mapped[int]
    first_review: Mapped[dt.datetime]

    __table_args__ = (
        _check_rating("last_rating"),
        sa.Index("ix_practice_card_user_id_due", "user_id", "due"),
    )

    def to_fsrs(self) -> Card:
        from fsrs import Card, State

        return Card(
            0, State(self.state), self.step, self.stability, self.difficulty, self.due,
            self.last_review,
        )  # fmt: skip

    def set_from_fsrs(self, card: Card, rating: int, rated_at: dt.datetime) -> None:
        self.state, self.step, self.due = int(card.state), card.step, card.due
        self.stability, self.difficulty = card.stability, card.difficulty
        self.last_review, self.last_rating = rated_at, rating


class MockInterview(Base):
    """A mock interview. `kind` is a key of the content; the rounds were drawn with `seed`."""

    __tablename__ = "practice_mock"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    kind: Mapped[str] = mapped_column(sa.String(60))
    seed: Mapped[int]
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]

    rounds: Mapped[list[MockRound]] = relationship(
        back_populates="mock",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="MockRound.position",
    )

    @property
    def next_round(self) -> MockRound | None:
        """Return the first round without a rating, None if the interview has ended."""
        if self.finished_at is not None:
            return None
        return next((each for each in self.rounds if each.rating is None), None)


class MockRound(Base):
    """A round of a mock interview, started if it has an attempt."""

    __tablename__ = "practice_round"

    mock_id: Mapped[uuid.UUID] = foreign_key("practice_mock.id", primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[OwnerId]
    question: Mapped[str] = mapped_column(sa.String(60))
    attempt_id: Mapped[uuid.UUID | None] = foreign_key(
        "practice_attempt.id", "SET NULL", index=True
    )

    mock: Mapped[MockInterview] = relationship(back_populates="rounds")
    attempt: Mapped[PracticeAttempt | None] = relationship()

    @property
    def rating(self) -> int | None:
        return self.attempt.rating if self.attempt else None


class PeerLink(Base):
    """A single-use link for a peer without an account to rate an answer or an attempt."""

    __tablename__ = "practice_peer_link"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    question: Mapped[str] = mapped_column(sa.String(60))
    attempt_id: Mapped[uuid.UUID | None] = foreign_key("practice_attempt.id", index=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    rated_at: Mapped[dt.datetime | None]
    rating: Mapped[int | None]
    # The answer's revision that the peer was shown, None if there was no answer.
    rated_revision: Mapped[int | None]
    rater: Mapped[str] = mapped_column(sa.String(100), default="")
    comment: Mapped[str] = mapped_column(sa.Text, default="")

    attempt: Mapped[PracticeAttempt | None] = relationship()

    __table_args__ = (_check_rating("rating"),)

    def is_open(self, now: dt.datetime) -> bool:
        """Return whether the link can still be used."""
        return self.rated_at is None and self.revoked_at is None and now < self.expires_at
