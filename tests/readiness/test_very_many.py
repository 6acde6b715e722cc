"""Whoever leads very many people gets an answer: no statement names them all at once."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import published
from roadmap.evidence.queries import counted_of
from roadmap.people.models import User
from roadmap.readiness.current import Followed, shared_digests
from roadmap.readiness.queries import glimpses

# More than PostgreSQL takes parameters; named as often as a record names them, also than SQLite.
MANY = 66_000


@pytest.fixture
def crowd(session: Session, now: dt.datetime) -> dict[uuid.UUID, Followed]:
    """Very many people of whom no row is kept, and the roadmap that they are to be judged by."""
    ids = [uuid.uuid4() for _ in range(MANY)]
    session.execute(
        sa.insert(User),
        [
            {
                "id": key,
                "name": "Somebody",
                "email": key.hex,
                "email_key": key.hex,
                "created_at": now,
            }
            for key in ids
        ],
    )
    found = published(session, "senior-ml-engineer")
    assert found is not None
    return dict.fromkeys(ids, (found.roadmap_id, found.revision_id))


@pytest.mark.slow
def test_each_of_very_many_is_read(
    crowd: dict[uuid.UUID, Followed], session: Session, now: dt.datetime
) -> None:
    digests = shared_digests(session, crowd, now)
    assert digests.keys() == crowd.keys()
    assert {digest["score"] for digest in digests.values()} == {0}
    glanced_at = glimpses(session, crowd)
    assert glanced_at.keys() == crowd.keys()
    assert {each.moved_on(shared_only=True) for each in glanced_at.values()} == {None}
    assert counted_of(session, crowd) == {}
