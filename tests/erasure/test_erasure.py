"""After the grace period, no data names the deleted person, and records for others remain."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from roadmap.admin import audit_messages
from roadmap.auth import deletion
from roadmap.auth.models import ApiToken
from roadmap.backup import actions as backups
from roadmap.badges import actions as badges
from roadmap.badges.models import Badge, BadgeStatus
from roadmap.catalog.models import Milestone
from roadmap.core.database import db
from roadmap.core.types import Base
from roadmap.demo.loader import load_demo_data
from roadmap.endorsements.models import Endorsement
from roadmap.erasure import actions, ledger
from roadmap.erasure.decisions import ERASED, FORMER_COLLEAGUE, FORMER_MANAGER
from roadmap.erasure.rules import Person
from roadmap.evidence.models import Evidence, Review
from roadmap.invitations.models import Invitation
from roadmap.jobs import tasks
from roadmap.mail import outbox
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.models import Notification
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.models import AuditEntry, HistoryEntry, User
from roadmap.readiness.models import ReadinessSummary
from tests.support.signing_keys import BASE, add_keys

NOW = dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.UTC)
ERASED_ON = NOW + dt.timedelta(days=15)


def dump() -> str:
    """Return every value of every table, one per line, with JSON unescaped."""
    with db.engine.connect() as connection:
        return "\n".join(
            f"{table.name}.{name}: {json.dumps(value, ensure_ascii=False, default=str)}"
            for table in Base.metadata.sorted_tables
            for row in connection.execute(sa.select(table)).mappings()
            for name, value in row.items()
        )


def lines_naming(text: str, person: User) -> list[str]:
    words = (str(person.id), person.id.hex, person.name, person.email)
    named = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    return [line for line in text.splitlines() if named.search(line)]


def request_deletion(session, user_id: uuid.UUID, *, at: dt.datetime = NOW) -> None:
    deletion.request_deletion(session, user_id, by=user_id, now=at)
    session.commit()


def scores(session) -> dict[uuid.UUID, object]:
    session.expire_all()
    rows = session.execute(
        sa.select(ReadinessSummary.user_id, ReadinessSummary.own_score, ReadinessSummary.shared)
    )
    return {row.user_id: (row.own_score, row.shared) for row in rows}


@pytest.fixture
def folder(app):
    """Return the data folder, without a ledger before and after the test."""
    path = app.config["DATA_DIR"] / ledger.FILE_NAME
    path.unlink(missing_ok=True)
    yield app.config["DATA_DIR"]
    path.unlink(missing_ok=True)


def add_traces(session, person: User, now: dt.datetime = NOW) -> None:
    """Add what the demo lacks: a token, invitations, mails, refusals and an endorsement."""
    other = session.scalars(
        sa.select(User).where(User.id != person.id, ~User.is_admin).order_by(User.email)
    ).first()
    row = {"created_at": now, "expires_at": now + dt.timedelta(days=7)}
    invited = {**row, "token_hash": os.urandom(32), "created_by": person.id}
    session.add_all(
        [
            ApiToken(user_id=person.id, name="x", token_hash=os.urandom(32), created_at=now),
            Invitation(email="a@example.org", email_key="a@example.org", **invited),
            Invitation(**{**invited, "token_hash": os.urandom(32), "accepted_by": other.id}),
            Invitation(
                **{**invited, "token_hash": os.urandom(32), "created_by": other.id},
                email=person.email,
                email_key=person.email_key,
                accepted_by=person.id,
                accepted_at=now,
            ),
            Endorsement(
                user_id=other.id,
                milestone_key=session.scalar(sa.select(sa.func.min(Milestone.key))),
                title="t", done_when="d", asked=person.name, message="", token_hash=os.urandom(32),
                answer="seen", witness=person.name.upper(), affiliation="", statement="", **row,
            ),
        ]
    )  # fmt: skip
    outbox.enqueue(
        session,
        OutgoingMail(
            recipient=other.email,
            subject="A review",
            body=f"Hello,\n{person.name} wrote.",
            user_id=other.id,
        ),
        OutgoingMail(recipient=person.email, subject="For you", body="Hello"),
        now=now,
    )
    record_audit(session, by=None, action="session.failed", target=person.email.upper(), now=now)
    record_audit(
        session, by=other.id, action="access.refused", person=str(person.id), now=now,
        target=f"GET /teams/ranking/people/{person.id}",
    )  # fmt: skip
    record_audit(session, by=other.id, action="invitation.created", email=person.email, now=now)
    session.commit()


def badge_documents(session) -> list[str]:
    return list(session.scalars(sa.select(Badge.document)))


def issue_badges(session, *people: User) -> None:
    """Give each person, and people whom they have reviewed, a valid badge."""
    add_keys(session, NOW)
    reviewed = sa.select(Evidence.id, Evidence.user_id, Review.reviewer_id).join(
        Review, Review.evidence_id == Evidence.id
    )
    open_pieces = reviewed.where(
        Evidence.visibility == "portfolio", Evidence.verified_version_id.is_not(None)
    )
    rows = session.execute(open_pieces.order_by(Evidence.id)).all()
    for person in people:
        for column in ("user_id", "reviewer_id"):
            for row in [row for row in rows if getattr(row, column) == person.id][:2]:
                by = Actor(id=row.user_id, name="", email="", is_admin=False, session=session)
                with suppress(badges.NotVerified):
                    badges.issue_badge(session, str(row.id), base=BASE, by=by, now=NOW)
    session.commit()


def test_erasure_removes_every_trace_of_an_engineer_and_a_manager(session, with_mail, folder):
    loaded = load_demo_data(session, now=NOW)
    maya, tomas = (session.get_one(User, loaded.ids[name]) for name in ("maya", "tomas"))
    for person in (maya, tomas):
        add_traces(session, person)
    issue_badges(session, maya, tomas)
    assert sum(f"Confirmation by {tomas.name}" in text for text in badge_documents(session)) > 1
    session.expunge_all()
    judged = sa.select(sa.func.count()).where(Review.reviewer_name == tomas.name)
    given = session.scalar(judged.where(Review.user_id != maya.id))
    assert given
    session.rollback()
    before = scores(session)
    session.rollback()
    for person in (maya, tomas):
        assert len(lines_naming(dump(), person)) > 20
        request_deletion(session, person.id)
    assert actions.erase_due(now=NOW + dt.timedelta(days=13)) == 0
    assert actions.erase_due(now=ERASED_ON) == 2
    assert actions.erase_due(now=ERASED_ON) == 0
    left = dump()
    for person in (maya, tomas):
        assert lines_naming(left, person) == []
    # The JWT is encoded, so the search cannot find names in it.
    assert not any(tomas.name in text for text in badge_documents(session))
    emptied = sa.select(Badge.jwt, BadgeStatus.revoked_at).join(
        BadgeStatus, BadgeStatus.position == Badge.position
    )
    ended = session.execute(emptied.where(Badge.document == "")).all()
    assert ended
    assert all(row.jwt == "" and row.revoked_at == ERASED_ON for row in ended)
    # Reviews and notifications of others remain, and scores are unchanged.
    kept = sa.select(sa.func.count()).where(Review.reviewer_name == FORMER_MANAGER)
    assert session.scalar(kept) == given
    notified = sa.select(Notification.actor_name).distinct()
    gone = Notification.actor_name.in_((FORMER_MANAGER, FORMER_COLLEAGUE))
    judged = session.scalars(notified.where(gone, Notification.kind == "verified")).all()
    assert judged == [FORMER_MANAGER]
    after = scores(session)
    assert after == {user_id: score for user_id, score in before.items() if user_id in after}
    assert maya.id in before.keys() - after.keys()
    # Files of the data folder and of SQLite, which may still contain deleted rows.
    named = re.compile("|".join(map(re.escape, (str(maya.id), maya.id.hex, maya.email))))
    database = Path(db.engine.url.database or "") if db.engine.dialect.name == "sqlite" else folder
    for path in [*folder.rglob("*"), *database.parent.glob(f"{database.name}*")]:
        if path.is_file():
            assert not named.search(path.read_bytes().decode("latin-1")), path


def test_failed_erasure_is_completed_by_the_next_job(app, session, cast, now, folder):
    add_traces(session, session.get_one(User, cast.alice), now)
    request_deletion(session, cast.alice, at=now)
    later = now + deletion.GRACE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "_delete_mails", lambda *_args: 1 / 0)
        assert actions.erase_due(now=later) == 0
    session.rollback()
    assert session.get(User, cast.alice)
    assert not deletion.cancel_deletion(session, cast.alice, by=cast.alice, now=later)
    session.rollback()
    assert actions.erase_due(now=later) == 1
    lines = (folder / ledger.FILE_NAME).read_text().splitlines()
    assert len(lines) == 1
    assert str(cast.alice) not in lines[0]
    session.rollback()
    begun = sa.select(AuditEntry).where(AuditEntry.action == "account.deletion_requested")
    (line,) = audit_messages.render_lines(session.scalars(begun).all(), {})
    assert line[1:] == (
        "The deletion of the account of a former colleague was requested.",
        "a former colleague",
    )
    last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (last.action, last.target, last.actor_id) == ("account.erased", "", None)


def test_jobs_erase_due_accounts(session, cast, folder):
    request_deletion(session, cast.alice, at=dt.datetime.now(dt.UTC) - deletion.GRACE)
    assert "People erased: 1." in tasks.run_all_once()
    session.rollback()
    assert session.get(User, cast.alice) is None


def test_mail_to_others_without_the_name_is_kept(session, cast, now, with_mail, folder):
    mail = OutgoingMail(recipient="bob@example.org", subject="Alicent", body="Malice")
    outbox.enqueue(session, mail, now=now)
    request_deletion(session, cast.alice, at=now)
    actions.erase_due(now=now + deletion.GRACE)
    subjects = sa.select(OutgoingMail.subject).where(OutgoingMail.recipient == "bob@example.org")
    assert session.scalars(subjects).all() == ["Alicent"]


def test_restore_erases_people_erased_after_the_backup(session, cast, now, folder, tmp_path):
    path, messages = tmp_path / "before.zip", []
    session.rollback()
    backups.create(path, now=now)
    request_deletion(session, cast.alice, at=now)
    actions.erase_due(now=now + deletion.GRACE)
    backups.restore(
        path, safety_backup=None, now=now + dt.timedelta(days=20), report=messages.append
    )
    session.rollback()
    assert session.get(User, cast.alice) is None
    assert session.get(User, cast.bob)
    assert [line for line in messages if "erased" in line] == [
        "1 person was erased after this backup was made, and will be erased again now"
    ]
    erased = sa.select(AuditEntry).where(AuditEntry.action == "account.erased")
    assert [
        line[1:] for line in audit_messages.render_lines(session.scalars(erased).all(), {})
    ] == [
        (
            "An account restored from a backup was deleted for good again.",
            "on the command line",
        )
    ]


def test_scrub_replaces_ids_emails_and_complete_names():
    person = uuid.uuid4()
    emails = frozenset({"ann@example.org"})
    scrub = Person(person, "Ann Lee", emails, dt.datetime.now(dt.UTC)).scrub
    assert scrub("ann@example.org.") == f"{FORMER_COLLEAGUE}."
    for other in ("Joann Leeds", "joann@example.org", "ann@example.org.au", "Ann Lee"):
        assert scrub(other) == other
    assert scrub({"a": [f"/people/{person}", 3, None]}) == {"a": [f"/people/{ERASED}", 3, None]}
    assert scrub({"witness": "ANN LEE"}) == {"witness": FORMER_COLLEAGUE}
    assert scrub({"witness": "Ann Lee Wong"}) == {"witness": "Ann Lee Wong"}


@pytest.mark.parametrize("name", ["status", "done", "Hello"])
def test_name_equal_to_a_keyword_leaves_data_of_others(session, cast, now, with_mail, folder, name):
    session.get_one(User, cast.alice).name = name
    noted = {"status": "done", "witness": "Hello status done"}
    record_history(
        session, user_id=cast.bob, by=cast.bob, action="status.set", subject="done",
        now=now, **noted,
    )  # fmt: skip
    request_deletion(session, cast.alice, at=now)
    later = now + deletion.GRACE
    text = "Hello Bob, your status is done."
    mail = OutgoingMail(recipient="bob@example.org", subject="Your link", body=text)
    outbox.enqueue(session, mail, now=later)
    session.commit()
    assert actions.erase_due(now=later) == 1
    session.rollback()
    newest = sa.select(HistoryEntry).where(HistoryEntry.user_id == cast.bob)
    entry = session.scalars(newest.order_by(HistoryEntry.id.desc())).first()
    assert (entry.subject, entry.data) == ("done", noted)
    waiting = sa.select(OutgoingMail.subject).where(OutgoingMail.recipient == "bob@example.org")
    assert session.scalars(waiting).all() == ["Your link"]


def test_accented_name_is_replaced(session, cast, now, with_mail, folder):
    person = session.get_one(User, cast.alice)
    person.name = "Éva Őri"
    add_traces(session, person, now)
    witness = session.scalars(sa.select(Endorsement)).one()
    witness.witness = witness.asked
    request_deletion(session, cast.alice, at=now)
    assert actions.erase_due(now=now + deletion.GRACE) == 1
    assert [line for line in dump().splitlines() if "Éva Őri" in line] == []
