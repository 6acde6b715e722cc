"""Save answers, attempts, review schedules and mock interviews.

Only peer ratings are recorded in the history. All of this is private and affects nothing that
others see.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from roadmap.auth.tokens import form_token, hash_token
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached
from roadmap.core.stale_forms import StaleForm
from roadmap.core.types import form_id, new_id
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user_without_version
from roadmap.people.private_rows import add_row, lock_row
from roadmap.practice import queries
from roadmap.practice.models import (
    Answer,
    Citation,
    MockInterview,
    MockRound,
    PeerLink,
    PracticeAttempt,
    PracticeCard,
)
from roadmap.practice.rules import schedule

# Per question.
MAX_ATTEMPTS = 300
MAX_MOCKS = 200
# Per user, at the same time.
MAX_OPEN_LINKS = 20
LINK_LIFETIME = dt.timedelta(days=14)


def save_answer(
    session: Session,
    user_id: uuid.UUID,
    question: str,
    form: str,
    texts: Mapping[str, str],
    cites: Collection[uuid.UUID],
    *,
    revision: int,
    now: dt.datetime,
) -> int:
    """Save an answer and its citations of the user's own evidence, and return its revision.

    `revision` is the one shown in the form, 0 for a new answer. Unchanged answers and new empty
    ones are not saved. Raises StaleForm with the saved answer.
    """
    lock_user_without_version(session, user_id)
    saved = queries.answer(session, user_id, question)
    own = {item.id for item in queries.own_items(session, user_id, cites)}
    if saved is None:
        if not texts and not own:
            return 0
        saved = Answer(user_id=user_id, question=question, form=form, texts={}, revision=0)
        session.add(saved)
    else:
        session.refresh(saved)
        if saved.texts == texts and {each.evidence_id for each in saved.citations} == own:
            return saved.revision
        if saved.revision != revision:
            raise StaleForm(saved)
    saved.form, saved.texts, saved.updated_at = form, dict(texts), now
    kept = {each.evidence_id: each for each in saved.citations}
    saved.citations = [
        kept.get(key) or Citation(evidence_id=key, user_id=user_id) for key in sorted(own)
    ]
    saved.revision += 1
    session.flush()
    return saved.revision


def start_attempt(
    session: Session, user_id: uuid.UUID, question: str, *, now: dt.datetime, key: str = ""
) -> PracticeAttempt:
    """Start an attempt, once per form `key`, or resume the running one. Raises LimitReached."""
    lock_user_without_version(session, user_id)
    for attempt in queries.attempts(session, user_id, question):
        if attempt.seconds is None:
            return attempt
    row_id = form_id(key, user_id, PracticeAttempt.__tablename__, question)
    return _add_attempt(session, row_id, user_id, question, now)


def _add_attempt(
    session: Session, attempt_id: uuid.UUID, user_id: uuid.UUID, question: str, now: dt.datetime
) -> PracticeAttempt:
    attempt = PracticeAttempt(id=attempt_id, user_id=user_id, question=question, started_at=now)
    message = _l(
        "You already have %(most)d attempts at this question, the maximum.", most=MAX_ATTEMPTS
    )
    limit = LimitReached(message, _l("Discard one that you no longer need."))
    at_this = PracticeAttempt.question == question
    return add_row(session, attempt, limit, MAX_ATTEMPTS, at_this)[0]


def stop_attempt(session: Session, attempt: PracticeAttempt, *, now: dt.datetime) -> None:
    """Stop the timer of an attempt, if it is running."""
    lock_row(session, attempt)
    if attempt.seconds is None:
        attempt.seconds = max(0, int((now - attempt.started_at).total_seconds()))
        session.flush()


def rate_attempt(
    session: Session, attempt: PracticeAttempt, rating: int, note: str, *, now: dt.datetime
) -> None:
    """Rate an attempt and schedule its question. Later ratings are ignored."""
    stop_attempt(session, attempt, now=now)
    if attempt.rating is not None:
        return
    attempt.rating, attempt.rated_at, attempt.note = rating, now, note
    card = queries.card(session, attempt.user_id, attempt.question)
    after = schedule(card.to_fsrs() if card else None, rating, now)
    if card is None:
        card = PracticeCard(user_id=attempt.user_id, question=attempt.question, first_review=now)
        session.add(card)
    card.set_from_fsrs(after, rating, now)
    session.flush()
    found = queries.find_round(session, attempt)
    if found is not None and found.mock.next_round is None:
        end_mock(session, found.mock, now=now)


def discard_attempt(session: Session, attempt: PracticeAttempt) -> None:
    """Delete an attempt, without changing the schedule of its question."""
    session.delete(attempt)
    session.flush()


def start_mock(
    session: Session,
    user_id: uuid.UUID,
    kind: str,
    questions: Sequence[str],
    *,
    seed: int,
    now: dt.datetime,
    key: str = "",
) -> MockInterview:
    """Start a mock interview with these questions, once per form `key`. Raises LimitReached."""
    rounds = [
        MockRound(position=place, user_id=user_id, question=question)
        for place, question in enumerate(questions, 1)
    ]
    mock = MockInterview(
        id=form_id(key, user_id, MockInterview.__tablename__, kind),
        user_id=user_id, kind=kind, seed=seed, started_at=now, rounds=rounds,
    )  # fmt: skip
    limit = LimitReached(
        _l("You already have %(most)d mock interviews, the maximum.", most=MAX_MOCKS),
        _l("Delete one that you no longer need."),
    )
    return add_row(session, mock, limit, MAX_MOCKS)[0]


def begin_round(
    session: Session, mock: MockInterview, *, now: dt.datetime
) -> PracticeAttempt | None:
    """Start the next round or return the running one, None if all rounds are rated."""
    lock_row(session, mock)
    following = mock.next_round
    if following is None:
        return None
    session.refresh(following)
    if following.attempt is None:
        following.attempt = _add_attempt(session, new_id(), mock.user_id, following.question, now)
        session.flush()
    return following.attempt


def end_mock(session: Session, mock: MockInterview, *, now: dt.datetime) -> None:
    """End a mock interview and stop the timer of its current round."""
    if mock.finished_at is None:
        _stop_round(session, mock, now=now)
        mock.finished_at = now
        session.flush()


def delete_mock(session: Session, mock: MockInterview, *, now: dt.datetime) -> None:
    """Delete a mock interview. Its attempts are stopped and stay with their questions."""
    _stop_round(session, mock, now=now)
    session.delete(mock)
    session.flush()


def _stop_round(session: Session, mock: MockInterview, *, now: dt.datetime) -> None:
    running = mock.next_round
    if running is not None and running.attempt is not None:
        stop_attempt(session, running.attempt, now=now)


def make_peer_link(
    session: Session,
    user_id: uuid.UUID,
    question: str,
    attempt: PracticeAttempt | None,
    *,
    now: dt.datetime,
    key: str = "",
) -> str:
    """Create a link for a peer to rate an answer or an attempt, and return its token.

    The token itself is not stored. A resubmitted form creates no second link. Raises LimitReached.
    """
    lock_user_without_version(session, user_id)
    attempt_id = attempt.id if attempt else None
    row_id = form_id(key, user_id, PeerLink.__tablename__, question, attempt_id)
    if (made := session.get(PeerLink, row_id)) is not None:
        if made.is_open(now):
            return form_token(key, row_id, made.created_at)
        row_id = new_id()
    links = queries.peer_links(session, user_id)
    if sum(link.is_open(now) for link in links) >= MAX_OPEN_LINKS:
        raise LimitReached(
            _l("You already have %(most)d open links for peers, the maximum.", most=MAX_OPEN_LINKS),
            _l("Revoke one that is no longer needed."),
        )
    token = form_token(key, row_id, now)
    link = PeerLink(
        id=row_id, user_id=user_id, question=question, attempt_id=attempt_id, created_at=now,
        token_hash=hash_token(token), expires_at=now + LINK_LIFETIME,
    )  # fmt: skip
    session.add(link)
    session.flush()
    return token


def revoke_peer_link(session: Session, link: PeerLink, *, now: dt.datetime) -> None:
    """Revoke a link, unless it was already used."""
    lock_row(session, link)
    if link.is_open(now):
        link.revoked_at = now
        session.flush()


def rate_as_peer(
    session: Session,
    link: PeerLink,
    rating: int,
    rater: str,
    comment: str,
    *,
    revision: int | None,
    now: dt.datetime,
) -> bool:
    """Save a peer's rating, notify the user, and return False if the link is no longer open.

    `revision` is the answer's revision that the peer was shown. Impossible values are ignored.
    """
    lock_row(session, link)
    if not link.is_open(now):
        return False
    link.rating, link.rater, link.comment, link.rated_at = rating, rater, comment, now
    answer = queries.answer(session, link.user_id, link.question)
    if answer is not None and revision in range(1, answer.revision + 1):
        link.rated_revision = revision
    record_history(
        session, link.user_id, "practice.rated", link.question, by=None, now=now, rater=rater
    )
    return True
