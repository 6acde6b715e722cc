"""The tables of a person's practice, which nobody else ever sees.

A peer with a link sees the one answer that the link is for.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from roadmap.core.types import Base, Id, Json, check_one_of
from roadmap.people.models import OwnerId

if TYPE_CHECKING:
    from fsrs import Card

ANSWER_FORMS = ("star", "outline")
# The levels of every rubric.
RATINGS = (1, 2, 3, 4)


def _check_rating(column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} BETWEEN 1 AND 4", name=column)


class Answer(Base):
    """A person's answer to a question, and the pieces of their evidence that it cites.

    `texts` are by the names of the fields of its form. `revision` grows with each change, so that
    a form that is out of date is noticed.
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

    answer_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("practice_answer.id", ondelete="CASCADE"), primary_key=True
    )
    evidence_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("evidence.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    user_id: Mapped[OwnerId]


class PracticeAttempt(Base):
    """A try at a question: it runs until `seconds` says how long it took, then it is rated."""

    __tablename__ = "practice_attempt"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"))
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
    """When a question is due again: the card of the FSRS library, in columns."""

    __tablename__ = "practice_card"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
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

    def set_from_fsrs(self, card: Card, rating: int, at: dt.datetime) -> None:
        self.state, self.step, self.due = int(card.state), card.step, card.due
        self.stability, self.difficulty = card.stability, card.difficulty
        self.last_review, self.last_rating = at, rating


class MockInterview(Base):
    """A mock interview of a kind of the content; its rounds were drawn with `seed`."""

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
        """Return the first round that is not rated yet; None once it has ended."""
        if self.finished_at is not None:
            return None
        return next((each for each in self.rounds if each.rating is None), None)


class MockRound(Base):
    """A round of a mock interview; it has begun where there is an attempt."""

    __tablename__ = "practice_round"

    mock_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("practice_mock.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[OwnerId]
    question: Mapped[str] = mapped_column(sa.String(60))
    attempt_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("practice_attempt.id", ondelete="SET NULL"), index=True
    )

    mock: Mapped[MockInterview] = relationship(back_populates="rounds")
    attempt: Mapped[PracticeAttempt | None] = relationship()

    @property
    def rating(self) -> int | None:
        return self.attempt.rating if self.attempt else None


class PeerLink(Base):
    """A link by which a peer without an account rates one answer or one attempt, once."""

    __tablename__ = "practice_peer_link"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    question: Mapped[str] = mapped_column(sa.String(60))
    attempt_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("practice_attempt.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    rated_at: Mapped[dt.datetime | None]
    rating: Mapped[int | None]
    # The revision of the answer that the peer was shown; None where there was none.
    rated_revision: Mapped[int | None]
    rater: Mapped[str] = mapped_column(sa.String(100), default="")
    comment: Mapped[str] = mapped_column(sa.Text, default="")

    attempt: Mapped[PracticeAttempt | None] = relationship()

    __table_args__ = (_check_rating("rating"),)

    def is_open(self, now: dt.datetime) -> bool:
        """Tell whether a peer can still rate by it."""
        return self.rated_at is None and self.revoked_at is None and now < self.expires_at
