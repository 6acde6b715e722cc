"""What is left of a person after the grace: nothing that names them, and what others were told."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid

import sqlalchemy as sa

from roadmap.auth import deletion
from roadmap.core.database import db
from roadmap.core.types import Base
from roadmap.demo.loader import load_demo_data
from roadmap.erasure import actions
from roadmap.erasure.decisions import FORMER_MANAGER
from roadmap.evidence.models import Review
from roadmap.invitations import actions as invitations
from roadmap.mail import outbox
from roadmap.people.audit import record_audit
from roadmap.people.models import User
from roadmap.readiness.queries import person_record

NOW = dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.UTC)
ERASED_ON = NOW + dt.timedelta(days=15)


def dump() -> str:
    """Every value of every table, as text; JSON without its escapes."""
    with db.engine.connect() as connection:
        return "\n".join(
            f"{table.name}.{name}: {json.dumps(value, ensure_ascii=False, default=str)}"
            for table in Base.metadata.sorted_tables
            for row in connection.execute(sa.select(table)).mappings()
            for name, value in row.items()
        )


def lines_that_name(text: str, user_id: uuid.UUID, name: str, email: str) -> list[str]:
    named = re.compile("|".join(map(re.escape, (str(user_id), user_id.hex, name, email))), re.I)
    return [line for line in text.splitlines() if named.search(line)]


def leave(session, user_id: uuid.UUID, at: dt.datetime = NOW) -> None:
    deletion.request_deletion(session, user_id, by=user_id, now=at)
    session.commit()


def test_nothing_names_an_engineer_or_a_manager_any_more(app, session, with_mail):
    loaded = load_demo_data(session, now=NOW)
    people = {}
    for who in ("maya", "tomas"):
        user = session.get_one(User, loaded.ids[who])
        people[who] = (user.id, user.name, user.email)
        by = {"by": user.id, "now": NOW}
        record_audit(session, action="session.failed", target=user.email.upper(), **by)
        record_audit(
            session, by=None, action="access.refused", now=NOW, person=str(user.id),
            target=f"GET /teams/ranking/people/{user.id}",
        )  # fmt: skip
        invitations.create(
            session, team=None, email=f"friend-of-{who}@example.org", role="member", **by
        ) if hasattr(invitations, "create") else None
        outbox.enqueue(
            session, outbox.Mail("jonas@demo.example", "A review", f"{user.name} wrote."), now=NOW
        )
    session.commit()
    reviewed = session.scalar(
        sa.select(Review.user_id).where(Review.reviewer_id == people["tomas"][0]).limit(1)
    )
    assert reviewed
    before = person_record(session, reviewed)
    session.rollback()
    for user_id, name, email in people.values():
        assert lines_that_name(dump(), user_id, name, email)
        leave(session, user_id)
    assert actions.erase_due(now=ERASED_ON) == 2
    assert actions.erase_due(now=ERASED_ON) == 0
    session.expire_all()
    left = dump()
    for user_id, name, email in people.values():
        assert lines_that_name(left, user_id, name, email) == []
    # What others were told counts on.
    assert FORMER_MANAGER in left
    after = person_record(session, reviewed)
    assert before is not None
    assert after is not None
    session.rollback()
