"""Queries about many people are split into statements of limited size."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import published_roadmap
from roadmap.core.batches import BATCH_SIZE, batched
from roadmap.evidence.loader import load_counted_items
from roadmap.people.models import User
from roadmap.readiness.queries import partial_records
from roadmap.readiness.summaries import RevisionKey, load_shared_summaries

# A small batch size shows the same with few people.
TEST_BATCH_SIZE = 50
# A statement may bind a batch of people and a few more parameters, but not everyone.
MAX_PARAMETERS = 2 * TEST_BATCH_SIZE
PEOPLE = 3 * TEST_BATCH_SIZE


@pytest.fixture
def many_people(
    session: Session, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> dict[uuid.UUID, RevisionKey]:
    """Add people without summaries in three batches; return them with their roadmap."""
    monkeypatch.setattr(batched, "__defaults__", (TEST_BATCH_SIZE,))
    ids = [uuid.uuid4() for _ in range(PEOPLE)]
    session.execute(
        sa.insert(User),
        [
            {
                "id": key,
                "name": "Someone",
                "email": key.hex,
                "email_key": key.hex,
                "created_at": now,
            }
            for key in ids
        ],
    )
    found = published_roadmap(session, "senior-ml-engineer")
    assert found is not None
    return dict.fromkeys(ids, (found.roadmap_id, found.revision_id))


@pytest.fixture
def parameters(many_people: object, session: Session) -> Iterator[list[int]]:
    """Collect the number of parameters of each statement."""
    counts: list[int] = []

    def count_parameters(
        _connection: Any, _cursor: Any, _statement: str, bound: Any, *_more: Any
    ) -> None:
        counts.append(len(bound))

    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", count_parameters)
    yield counts
    sa.event.remove(engine, "before_cursor_execute", count_parameters)


def test_batched_queries_read_everyone_within_parameter_limit(
    many_people: dict[uuid.UUID, RevisionKey],
    parameters: list[int],
    session: Session,
    now: dt.datetime,
) -> None:
    digests = load_shared_summaries(session, many_people, now)
    assert digests.keys() == many_people.keys()
    assert {digest["score"] for digest in digests.values()} == {0}
    records = partial_records(session, many_people)
    assert records.keys() == many_people.keys()
    assert {each.last_activity_on(shared_only=True) for each in records.values()} == {None}
    found = load_counted_items(session, many_people)
    assert len(found) == len(many_people)
    assert not any(found.values())
    assert len(parameters) > 3 * PEOPLE / TEST_BATCH_SIZE
    assert max(parameters) <= MAX_PARAMETERS
    assert 2 * BATCH_SIZE <= 32_766, "the parameter limit of SQLite"
