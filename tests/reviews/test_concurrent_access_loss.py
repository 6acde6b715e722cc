"""A manager who loses access while a request waits for a lock writes nothing and gets the response
of a person without access.

One connection holds the author's row, changes the access and commits, after the other's request
has started. On SQLite, writers wait for each other from the beginning of a transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import actions
from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.people.actions import add_member, remove_member
from roadmap.people.locks import lock_user
from roadmap.people.models import Team, User
from roadmap.skills.models import Assessment
from tests.evidence.builders import DESIGN, add_evidence, submit_evidence
from tests.support.api_client import ApiClient
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast

PATIENCE = 20  # seconds until a test gives up waiting for its other half
Attempt = Callable[[Flask, Cast, Evidence], Callable[[], TestResponse]]
Change = Callable[[Session, Cast, Evidence], object]


@pytest.fixture
def piece(session, cast, now) -> Evidence:
    """Alice's design document, submitted."""
    made = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, made, now)
    return made


def browser(method: str, path: str, **data: str) -> Attempt:
    """What Bob's browser sends."""

    def prepare(app: Flask, cast: Cast, piece: Evidence) -> Callable[[], TestResponse]:
        bob = BrowserClient.of(app, cast.bob)
        bob.csrf()
        address = path.format(piece=piece.id, alice=cast.alice)
        return lambda: bob.send(method, address, {**data, "version_id": str(piece.current_id)})

    return prepare


def client(path: str, **body: object) -> Attempt:
    """What a program puts in Bob's name."""

    def prepare(app: Flask, cast: Cast, piece: Evidence) -> Callable[[], TestResponse]:
        bob, address = ApiClient.of(app, cast.bob), path.format(piece=piece.id, alice=cast.alice)
        return lambda: bob.put(address, body)

    return prepare


ATTEMPTS: dict[str, Attempt] = {
    "verifies": browser("PUT", "/reviews/{piece}", basis="artefact", milestones=DESIGN),
    "starts the review": browser("PUT", "/reviews/{piece}/taking"),
    "comments": browser("POST", "/evidence/{piece}/comments", text="Which baseline?"),
    "assesses": browser(
        "POST", "/teams/ranking/people/{alice}/skills/mlops/assessments", level="4", comment=""
    ),
    "verifies by the API": client("/reviews/{piece}", decision="verified"),
    "assesses by the API": client("/teams/ranking/people/{alice}/skills/mlops", level=4),
}


def author_leaves(session: Session, cast: Cast, _piece: Evidence) -> None:
    team = session.get_one(Team, cast.team)
    remove_member(session, team, cast.alice, by=cast.alice, now=now())


def manager_goes(session: Session, cast: Cast, _piece: Evidence) -> None:
    team = session.get_one(Team, cast.team)
    remove_member(session, team, cast.bob, by=cast.erin, now=now())


def manager_manages_no_more(session: Session, cast: Cast, _piece: Evidence) -> None:
    team = session.get_one(Team, cast.team)
    add_member(session, team, cast.bob, "member", by=cast.erin, now=now())


def manager_is_deactivated(session: Session, cast: Cast, _piece: Evidence) -> None:
    session.execute(sa.update(User).where(User.id == cast.bob).values(deactivated_at=now()))


def withdraw_and_hide(session: Session, cast: Cast, piece: Evidence) -> None:
    """Withdrawn, renamed and made private: what it is called now is nobody else's."""
    found, alice = session.get_one(Evidence, piece.id), cast.actor(session, cast.alice)
    actions.withdraw(session, found, by=alice, now=now())
    hidden = replace(actions.evidence_input(found), title="zanzibar", visibility="private")
    actions.edit(session, found, hidden, by=alice, now=now())


def deleted(session: Session, cast: Cast, piece: Evidence) -> None:
    found = session.get_one(Evidence, piece.id)
    actions.delete(session, found, by=cast.actor(session, cast.alice), now=now())


def meanwhile(
    app: Flask, cast: Cast, piece: Evidence, attempt: Attempt, change: Change
) -> TestResponse:
    """Makes the attempt wait for Alice's row, changes something, and lets it go on."""
    call = attempt(app, cast, piece)
    answers: list[TestResponse] = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    waits = threading.Event()

    def before(_connection, _cursor, statement, *_more) -> None:
        if threading.current_thread() is thread and statement.startswith('UPDATE "user"'):
            waits.set()

    with app.app_context():
        engine = db.engine
        event.listen(engine, "before_cursor_execute", before)
        try:
            with db.own_transaction() as holding:
                lock_user(holding, cast.alice)
                thread.start()
                # On SQLite it waits as soon as it begins, and has read nothing before.
                if engine.dialect.name == "postgresql":
                    assert waits.wait(PATIENCE)
                change(holding, cast, piece)
            thread.join(PATIENCE)
        finally:
            event.remove(engine, "before_cursor_execute", before)
    return answers[0]


def written_rows(session: Session) -> list[object]:
    session.rollback()
    by_bob = [
        *session.scalars(sa.select(Review.id)),
        *session.scalars(sa.select(Comment.id)),
        *session.scalars(sa.select(Assessment.id)),
        *session.scalars(sa.select(Evidence.id).where(Evidence.state == "in_review")),
    ]
    return list(by_bob)


@pytest.mark.parametrize(
    "change", [author_leaves, manager_goes, manager_manages_no_more, manager_is_deactivated]
)
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_who_manages_them_no_more_is_told_nothing(app, session, cast, piece, attempt, change):
    answer = meanwhile(app, cast, piece, ATTEMPTS[attempt], change)
    # A person without access any more is sent to sign in, or refused, with no notification.
    assert answer.status_code in (302, 303, 401, 403, 404), answer.text
    if session.get_bind().dialect.name == "postgresql":
        assert answer.status_code == 404
    assert piece.title not in answer.text
    assert written_rows(session) == []


@pytest.mark.parametrize("change", [withdraw_and_hide, deleted])
@pytest.mark.parametrize("attempt", [name for name in ATTEMPTS if "assesses" not in name])
def test_what_is_shared_no_more_is_not_there(app, session, cast, piece, attempt, change):
    answer = meanwhile(app, cast, piece, ATTEMPTS[attempt], change)
    assert answer.status_code == 404
    assert "zanzibar" not in answer.text
    assert written_rows(session) == []


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_who_only_waited_is_let_through(app, session, cast, piece, attempt):
    answer = meanwhile(app, cast, piece, ATTEMPTS[attempt], lambda *_given: None)
    assert answer.status_code in (200, 303)
    assert len(written_rows(session)) == 1
