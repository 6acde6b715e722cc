"""POST /evidence sent twice from one form: two clicks on Save make one piece.

Two real connections: both requests have begun before the first one ends. On SQLite writers wait for
each other from their beginning; on PostgreSQL at the row of the person.
"""

from __future__ import annotations

import re
import threading
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from roadmap.core.database import db
from roadmap.evidence.models import Evidence
from roadmap.people.locks import lock_user
from tests.evidence.builders import DESIGN, LEVELS
from tests.evidence.form_data import form_fields, impact_fields
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast

PATIENCE = 20  # seconds until a test gives up waiting for its other half


def key_of(page: str) -> str:
    found = re.search(r'name="key"[^>]* value="([^"]+)"', page)
    assert found, "the form hands out no key"
    return found[1]


def pieces(session: Session) -> list[Evidence]:
    session.rollback()
    return list(session.scalars(sa.select(Evidence)))


@pytest.fixture
def sent(cast, browser_of):
    """What a filled form sends, with the key that it was handed out with."""
    key = key_of(browser_of(cast.alice).get("/evidence/new").text)
    return {
        **form_fields(
            milestones=[LEVELS, DESIGN], skills=["mlops"], key=key, title="  Feature store "
        ),
        **impact_fields(0),
    }


def test_two_clicks_make_one_piece(app: Flask, session: Session, cast: Cast, sent) -> None:
    answers: list[TestResponse] = []
    wait = threading.Semaphore(0)

    def click(alice: BrowserClient) -> None:
        answers.append(alice.post("/evidence", sent))

    def before(_connection, _cursor, statement, *_more) -> None:
        if threading.current_thread() in clicks and statement.startswith('UPDATE "user"'):
            wait.release()

    tabs = [BrowserClient.of(app, cast.alice) for _ in range(2)]
    for tab in tabs:
        tab.csrf()
    clicks = [threading.Thread(target=click, args=[tab]) for tab in tabs]
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", before)
        try:
            with db.own_transaction() as holding:
                lock_user(holding, cast.alice)
                for each in clicks:
                    each.start()
                # On SQLite they wait as soon as they begin.
                if db.engine.dialect.name == "postgresql":
                    assert all(wait.acquire(timeout=PATIENCE) for _ in clicks)
            for each in clicks:
                each.join(PATIENCE)
        finally:
            event.remove(db.engine, "before_cursor_execute", before)
    (piece,) = pieces(session)
    assert [(each.status_code, each.location) for each in answers] == 2 * [
        (303, f"/evidence/{piece.id}")
    ]


def test_one_that_was_typed_anew_after_a_step_back_is_another(session, cast, browser_of, sent):
    """The form that the browser goes back to has the same key: nothing typed there is lost."""
    alice = browser_of(cast.alice)
    for changes in ({}, {"title": "Second"}, {"milestones": [DESIGN]}, {"skills": []}):
        assert alice.post("/evidence", {**sent, **changes}).status_code == 303
    assert len(pieces(session)) == 4


def test_each_form_has_its_own_key_and_keeps_it_when_it_is_refused(cast, browser_of, sent):
    alice = browser_of(cast.alice)
    assert key_of(alice.get("/evidence/new").text) != sent["key"]
    assert key_of(alice.post("/evidence", {**sent, "title": ""}).text) == sent["key"]
    assert key_of(alice.post("/evidence/impacts", sent).text) == sent["key"]


@pytest.mark.parametrize("key", ["", "none", "\x00"])
def test_one_without_a_key_is_saved_all_the_same(session, cast, browser_of, sent, key):
    alice = browser_of(cast.alice)
    assert alice.post("/evidence", {**sent, "key": key}).status_code == 303
    assert len(pieces(session)) == 1


def test_a_key_is_its_persons_own(session, cast, browser_of, sent):
    """Somebody else's key makes a piece of one's own, and tells nothing."""
    browser_of(cast.alice).post("/evidence", sent)
    browser_of(cast.mallory).post("/evidence", sent)
    assert {piece.user_id for piece in pieces(session)} == {cast.alice, cast.mallory}
    assert uuid.UUID(sent["key"]) not in {piece.id for piece in pieces(session)}
