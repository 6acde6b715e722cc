"""No statement lists all people of a manager at once, however many there are."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import published_roadmap
from roadmap.core.batches import BATCH_SIZE
from roadmap.evidence.loader import load_counted_items
from roadmap.people.models import User
from roadmap.readiness.queries import partial_records
from roadmap.readiness.summaries import RevisionKey, load_shared_summaries

# No statement may take more parameters than this: a portion of people and what is asked of them.
# SQLite takes 32,766 where it was built as usual, PostgreSQL 65,535.
MOST = 2 * BATCH_SIZE
# More than that, so that a statement that names them all is found.
MANY = 3 * BATCH_SIZE


@pytest.fixture
def many_people(session: Session, now: dt.datetime) -> dict[uuid.UUID, RevisionKey]:
    """Very many people without a summary row, and the roadmap that they are on."""
    ids = [uuid.uuid4() for _ in range(MANY)]
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
    """How many parameters each statement of the test took."""
    counts: list[int] = []

    def count_parameters(
        _connection: Any, _cursor: Any, _statement: str, bound: Any, *_more: Any
    ) -> None:
        counts.append(len(bound))

    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", count_parameters)
    yield counts
    sa.event.remove(engine, "before_cursor_execute", count_parameters)


@pytest.mark.slow
def test_each_of_very_many_is_read(
    many_people: dict[uuid.UUID, RevisionKey],
    parameters: list[int],
    session: Session,
    now: dt.datetime,
) -> None:
    digests = load_shared_summaries(session, many_people, now)
    assert digests.keys() == many_people.keys()
    assert {digest["score"] for digest in digests.values()} == {0}
    glanced_at = partial_records(session, many_people)
    assert glanced_at.keys() == many_people.keys()
    assert {each.last_activity_on(shared_only=True) for each in glanced_at.values()} == {None}
    found = load_counted_items(session, many_people)
    assert len(found) == len(many_people)
    assert not any(found.values())
    assert len(parameters) > 3 * MANY / BATCH_SIZE
    assert max(parameters) <= MOST
