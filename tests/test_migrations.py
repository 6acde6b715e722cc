"""Migrations upgrade and downgrade databases with data, and the models match the newest one.

The tests use a separate SQLite database, or PostgreSQL if `TEST_DATABASE_URL` is set.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap.auth.actions import change_email, create_user
from roadmap.auth.email_confirmation import request_email
from roadmap.auth.models import PendingEmail
from roadmap.career.models import Degree, Position
from roadmap.catalog.actions import publish_shipped
from roadmap.catalog.models import Milestone, RoadmapRevision
from roadmap.core import config
from roadmap.core.database import Schema, compare_schema, db, newest_migrations
from roadmap.core.dates import PartialDate
from roadmap.core.migrations import MIGRATION_LOCK, alembic, upgrade
from roadmap.core.types import Base
from roadmap.evidence import actions, review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.models import Confirmation, Evidence, EvidenceMilestone, EvidenceVersion
from roadmap.invitations.actions import accept, invite
from roadmap.invitations.models import Invitation
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.models import Notification
from roadmap.people.actions import add_member
from roadmap.people.models import Team, User
from roadmap.portfolio import actions as portfolios
from roadmap.portfolio import links
from roadmap.portfolio.models import Portfolio, PortfolioLink, Redaction
from roadmap.portfolio.queries import load_document
from roadmap.skills import actions as skills
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    MENTOR,
    PIPELINE,
    add_evidence,
    review_evidence,
    submit_evidence,
)
from tests.support.cast import Cast
from tests.support.catalog import reword
from tests.support.databases import make_app, ready_database, temporary_database
from tests.support.sample_data import create_sample_data
from tests.support.server import Server

FOLDER = config.ROOT / "migrations"
FILES = sorted(FOLDER.glob("*.py"))


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[Flask]:
    """An application on an empty database."""
    with temporary_database(tmp_path) as url:
        yield from application_on(url, tmp_path)


@pytest.fixture
def migrated_app(tmp_path: Path) -> Iterator[Flask]:
    """An application on a database with the newest schema and the shipped content."""
    with ready_database(tmp_path) as url:
        yield from application_on(url, tmp_path)


def application_on(url: str, folder: Path) -> Iterator[Flask]:
    app = make_app(url, folder)
    with app.app_context():
        yield app
        db.session.close()
        db.engine.dispose()


def revisions() -> list[str]:
    """Return all revisions, first to newest."""
    return [script.revision for script in alembic.script_directory.walk_revisions()][::-1]


def differences() -> list[object]:
    """Return what autogenerate would add to the next migration."""
    found = list(alembic.compare_metadata())
    # Alembic's open connection would hold its transaction, and with it the write lock.
    alembic.migration_context.connection.rollback()
    return found


def row_counts() -> dict[str, int]:
    """Return the number of rows in each table."""
    count = sa.select(sa.func.count())
    with db.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: connection.execute(count.select_from(sa.table(name))).scalar_one()
            for name in names
            if name != "alembic_version"
        }


def dangling_foreign_keys() -> list[tuple[object, ...]]:
    """Return dangling foreign keys. PostgreSQL never allows any."""
    if db.engine.dialect.name != "sqlite":
        return []
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]


def create_data() -> dict[str, int]:
    """Create the cast's sample data and return the number of rows in each table."""
    now = dt.datetime.now(dt.UTC)
    publish_shipped(db.session, now=now)
    db.session.commit()
    create_sample_data(db.session, Cast.create(db.session), now)
    # Old releases delete notifications of unknown kinds.
    known = ("submitted", "resubmitted", "verified", "returned", "comment", "invited", "added",
             "assessed", "leads", "joined")  # fmt: skip
    db.session.execute(sa.delete(Notification).where(Notification.kind.not_in(known)))
    # Old releases have one portfolio per person.
    db.session.execute(sa.delete(Portfolio).where(Portfolio.is_default.is_(False)))
    db.session.commit()
    db.session.close()
    return row_counts()


def test_models_match_newest_migration(empty_app: Flask) -> None:
    upgrade()
    assert differences() == []
    assert newest_migrations() == {script.revision for script in alembic.heads()}
    assert compare_schema() is Schema.CURRENT


def test_old_schema_is_detected(migrated_app: Flask) -> None:
    with db.engine.connect() as connection:
        connection.execution_options(writes=True)
        connection.execute(sa.text("DELETE FROM alembic_version"))
        connection.commit()
    assert compare_schema() is not Schema.CURRENT


@pytest.mark.slow
def test_each_migration_downgrades_and_upgrades_with_data(empty_app: Flask) -> None:
    upgrade()
    before = create_data()
    assert all(before[name] for name in ("user", "evidence", "milestone_status", "assessment"))
    all_revisions = revisions()
    for place in range(len(all_revisions) - 1, -1, -1):
        below = all_revisions[place - 1] if place else "base"
        alembic.downgrade(below)
        kept = row_counts()
        assert kept == {name: before[name] for name in kept}, f"going down to {below} lost rows"
        assert dangling_foreign_keys() == []
        alembic.upgrade(all_revisions[place])
        after = row_counts()
        assert {name: after[name] for name in kept} == kept, f"going up from {below} lost rows"
        assert dangling_foreign_keys() == []
        alembic.downgrade(below)
    assert row_counts() == {}
    upgrade()
    assert differences() == []
    assert create_data() == before


def stored_state() -> dict[str, list[tuple[object, ...]]]:
    """Return the values that `2026_11_28_state_is_stored` derives from history, times and JSON."""
    columns = {
        "evidence": ("id", "reviewer_id", "review_started_at", "title_changed_at"),
        "evidence_version": ("id", "submitted_at"),
        "notification": (
            *("id", "subject_user_id", "actor_id", "actor_name"),
            *("evidence_id", "review_id", "comment_id", "team_id"),
        ),
        "outgoing_mail": ("source_id", "source_kind", "address_is_fixed"),
        "assessment": ("id", "side"),
        "milestone_status": ("milestone_key", "user_id", "changed_at", "changed_by_id"),
    }
    found = {
        table: db.session.execute(
            sa.select(*(Base.metadata.tables[table].c[name] for name in names)).order_by(
                *(Base.metadata.tables[table].c[name] for name in names)
            )
        )
        for table, names in columns.items()
    }
    return {table: [tuple(row) for row in rows] for table, rows in found.items()}


def create_stored_states(cast: Cast) -> None:
    """Create every state that is stored in a column, one minute apart."""
    session, now = db.session, dt.datetime.now(dt.UTC)

    def by(key: uuid.UUID) -> dict[str, Any]:
        nonlocal now
        now += dt.timedelta(minutes=1)
        return {"by": cast.actor(session, key), "now": now}

    titles = ("Ranking launch", "Mentoring of a junior", "Feature store design")
    waiting, returned, verified = (
        session.scalars(sa.select(Evidence).where(Evidence.title == title)).one()
        for title in titles
    )
    for piece, title in ((waiting, "Launch of ranking"), (verified, "The feature store")):
        changed = replace(evidence_input(piece), title=title)
        actions.edit(session, piece, changed, **by(cast.alice))
    review_actions.add_comment(session, waiting, "Which baseline is that?", **by(cast.bob))
    version = {"version_id": waiting.current.id}
    review_actions.begin_review(session, waiting, **version, **by(cast.bob))
    review_actions.decide(session, waiting, "returned", **version, **by(cast.bob))
    actions.submit(session, waiting, **by(cast.alice))
    review_actions.begin_review(session, waiting, **version, **by(cast.bob))
    changed = replace(evidence_input(returned), description="With the figures.")
    actions.edit(session, returned, changed, **by(cast.alice))
    actions.submit(session, returned, **by(cast.alice))
    skills.assess_other(session, cast.alice, "mlops", 3, **by(cast.bob))
    team = session.get_one(Team, cast.team)
    invitation, _token = invite(
        session, team=team, role="member", email="mallory@example.org", by=cast.bob, now=now
    )
    accept(session, invitation, cast.mallory, now=now)
    for name in ("dave", "erin"):
        invite(session, team=team, role="member", email=f"{name}@example.org", by=cast.bob, now=now)
    add_member(session, team, cast.carol, "manager", by=cast.erin, now=now)
    # The previous release has no notification of role changes, peers or witnesses.
    newer = ("role_changed", "peer_rated", "witness_answered")
    unknown = sa.select(Notification.id).where(Notification.kind.in_(newer))
    session.execute(sa.delete(OutgoingMail).where(OutgoingMail.source_id.in_(unknown)))
    session.execute(sa.delete(Notification).where(Notification.id.in_(unknown)))
    session.commit()


@pytest.mark.slow
def test_upgrade_derives_stored_state(migrated_app: Flask) -> None:
    """The columns are restored after a downgrade to the release that derived them."""
    migrated_app.config.update(
        SMTP_URL="smtp://127.0.0.1:1", MAIL_FROM="cairn@example.org", BASE_URL="https://cairn.test"
    )
    cast = Cast.create(db.session)
    create_sample_data(db.session, cast, dt.datetime.now(dt.UTC))
    create_stored_states(cast)
    before = stored_state()
    db.session.close()
    for table, rows in before.items():
        for column in zip(*rows, strict=True):
            assert any(value not in (None, "", False) for value in column), (table, column)
    alembic.downgrade("1795477818")
    upgrade()
    after = stored_state()
    for table, rows in before.items():
        assert after[table] == rows


def test_upgrade_recomputes_email_keys(migrated_app: Flask) -> None:
    cast = Cast.create(db.session)
    now = dt.datetime.now(dt.UTC)
    emails = {cast.alice: "info@bücher.example", cast.bob: "info@straße.example"}
    for person, email in emails.items():
        change_email(db.session, person, email, by=person, address="192.0.2.1", now=now)
    invite(db.session, team=None, role="member", email="Info@Grün.example", by=cast.erin, now=now)
    db.session.commit()

    def keys() -> set[str]:
        accounts = db.session.scalars(sa.select(User.email_key)).all()
        found = {*accounts, *db.session.scalars(sa.select(Invitation.email_key)).all()}
        db.session.close()
        return found

    after = keys()
    assert {"info@xn--bcher-kva.example", "info@xn--strae-oqa.example"} < after
    assert {"info@xn--grn-ioa.example", "carol@example.org"} < after
    alembic.downgrade("1795920000")
    assert {"info@bücher.example", "info@strasse.example", "info@grün.example"} < keys()
    upgrade()
    assert keys() == after


def test_upgrade_confirms_existing_addresses(migrated_app: Flask) -> None:
    """Downgrades keep all sign-ins, and upgrades keep every address."""
    cast, now = Cast.create(db.session), dt.datetime.now(dt.UTC)
    for person, email in ((cast.alice, "new@example.org"), (cast.bob, "alice@example.org")):
        request_email(db.session, person, email, by=person, now=now)
    new = [
        create_user(db.session, name=name, email=f"{name}@example.org", is_confirmed=False, by=None,
                    now=now).id
        for name in ("frank", "gina")
    ]  # fmt: skip
    for person, email in zip(new, ("frank@example.org", "bob@example.org"), strict=True):
        request_email(db.session, person, email, by=person, now=now)
    db.session.commit()
    db.session.close()
    alembic.downgrade("1795980000")
    upgrade()
    keys = dict(db.session.execute(sa.select(User.id, User.email_key)).all())
    assert keys[cast.alice] == "alice@example.org"
    assert keys[cast.bob] == "bob@example.org"
    assert keys[new[0]] == "frank@example.org"
    assert keys[new[1]] == f"unconfirmed {new[1]}"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PendingEmail)) == 0


@pytest.mark.slow
def test_downgrade_turns_months_and_years_into_days(migrated_app: Flask) -> None:
    now = dt.datetime.now(dt.UTC)
    cast = Cast.create(db.session)
    texts = ("2019-02-28", "2020-02", "2021", "2020-02-29", "2021-12", "2022")
    dates = [PartialDate(text) for text in texts]
    for start, end in zip(dates[:3], dates[3:], strict=True):
        dated = {"occurred_on": start, "issued_on": start, "expires_on": end}
        add_evidence(db.session, cast, cast.alice, now, kind="certification", **dated)
        db.session.add(Position(user_id=cast.alice, title="A", started_on=start, ended_on=end))
        db.session.add(Degree(user_id=cast.alice, level="master", awarded_on=start))
    db.session.commit()

    def stored() -> list[tuple[str, ...]]:
        version = "SELECT occurred_on, issued_on, expires_on FROM evidence_version ORDER BY 1"
        position = "SELECT started_on, ended_on FROM position ORDER BY 1"
        found = []
        with db.engine.connect() as connection:
            for query in (version, position, "SELECT awarded_on FROM degree ORDER BY 1"):
                rows = connection.execute(sa.text(query)).all()
                found += [tuple(str(value) for value in row) for row in rows]
        return found

    db.session.close()
    before = stored()
    assert before[1] == ("2020-02", "2020-02", "2021-12")
    alembic.downgrade("1795960000")
    days = stored()
    assert days[1:3] == [
        ("2020-02-01", "2020-02-01", "2021-12-31"), ("2021-01-01", "2021-01-01", "2022-12-31")
    ]  # fmt: skip
    assert days[0] == before[0]
    upgrade()
    assert stored() == days


@pytest.mark.slow
def test_upgrade_derives_milestones_left_out_by_reviews(migrated_app: Flask) -> None:
    now = dt.datetime.now(dt.UTC)
    cast = Cast.create(db.session)
    piece = add_evidence(db.session, cast, cast.alice, now, milestones=[DESIGN, LEVELS, MENTOR])
    submit_evidence(db.session, cast, piece, now)
    first = review_evidence(db.session, cast, piece, now, milestones=[DESIGN]).id
    later = now + dt.timedelta(minutes=1)
    reword(db.session, DESIGN, now=later, done_when="Another team relies on it.")
    alice = cast.actor(db.session, cast.alice)
    actions.link(db.session, piece, PIPELINE, by=alice, now=later)
    review_evidence(db.session, cast, piece, later, milestones=[PIPELINE])
    confirmed = sa.select(Confirmation.milestone_key, RoadmapRevision.number).join(
        RoadmapRevision, RoadmapRevision.id == Confirmation.roadmap_revision_id
    )
    assert dict(db.session.execute(confirmed).all()) == {DESIGN: 1, PIPELINE: 2}
    columns = (EvidenceMilestone.milestone_key, EvidenceMilestone.left_out_review_id)
    expected = {DESIGN: None, LEVELS: first, MENTOR: None, PIPELINE: None}
    assert dict(db.session.execute(sa.select(*columns)).all()) == expected
    db.session.close()
    alembic.downgrade("1795931000")
    upgrade()
    assert dict(db.session.execute(sa.select(*columns)).all()) == expected
    assert dict(db.session.execute(confirmed).all()) == {DESIGN: 1, PIPELINE: 2}


def test_upgrade_derives_milestones_of_withdrawn_reviews(migrated_app: Flask) -> None:
    now = dt.datetime.now(dt.UTC)
    cast = Cast.create(db.session)
    bob = cast.actor(db.session, cast.bob)
    withdrawn, reviewed_again = (
        add_evidence(db.session, cast, cast.alice, now, milestones=[DESIGN, LEVELS]) for _ in "ab"
    )
    for piece in (withdrawn, reviewed_again):
        submit_evidence(db.session, cast, piece, now)
        review = review_evidence(db.session, cast, piece, now, milestones=[DESIGN])
        review_actions.withdraw_review(db.session, piece, review.id, "Read again.", by=bob, now=now)
    review_evidence(db.session, cast, reviewed_again, now, milestones=[DESIGN])
    db.session.commit()
    links = sa.select(
        EvidenceMilestone.evidence_id,
        EvidenceMilestone.milestone_key,
        EvidenceMilestone.taken_back_by,
        EvidenceMilestone.taken_back_by_id,
    ).where(EvidenceMilestone.taken_back_by != "")
    expected = [(withdrawn.id, LEVELS, "Bob", cast.bob)]
    assert [tuple(row) for row in db.session.execute(links)] == expected
    db.session.close()
    alembic.downgrade("1796130000")
    upgrade()
    assert [tuple(row) for row in db.session.execute(links)] == expected


def test_downgrade_deletes_notifications_of_unknown_kinds(migrated_app: Flask) -> None:
    cast = Cast.create(db.session)
    columns = {"user_id": cast.alice, "data": {}, "created_at": dt.datetime.now(dt.UTC)}
    db.session.add_all(Notification(kind=kind, **columns) for kind in ("added", "witness_answered"))
    db.session.commit()
    alembic.downgrade("1796220001")
    kinds = sa.select(Notification.kind).where(Notification.user_id == cast.alice)
    assert db.session.scalars(kinds).all() == ["added"]


def test_upgrade_computes_search_text(migrated_app: Flask) -> None:
    create_data()

    def stored() -> list[set[tuple[object, ...]]]:
        columns = (
            (User.id, User.search_text),
            (Evidence.id, Evidence.search_text),
            (EvidenceVersion.id, EvidenceVersion.search_text),
        )
        found = [{tuple(row) for row in db.session.execute(sa.select(*each))} for each in columns]
        db.session.close()
        return found

    person = db.session.scalars(sa.select(User)).first()
    assert person is not None
    person.name = "Þórður Ærø"
    for piece in db.session.scalars(sa.select(Evidence)):
        piece.title = f"Größe ŁÓDŹ {piece.title}"
    for version in db.session.scalars(sa.select(EvidenceVersion)):
        version.issuer = "Université"
    db.session.commit()
    before = stored()
    assert any("thordur aero" in str(text) for _key, text in before[0])
    assert all(str(text).startswith("grosse lodz") for _key, text in before[1])
    assert all(str(text).endswith("\nuniversite") for _key, text in before[2])
    alembic.downgrade("1796350000")
    assert not any("universite" in str(text) for _key, text in stored()[2])
    alembic.downgrade("1795942000")
    upgrade()
    assert stored() == before


def test_upgrade_derives_accepted_kinds_of_milestones(migrated_app: Flask) -> None:
    create_data()

    def stored() -> dict[str, str]:
        rows = db.session.execute(sa.select(Milestone.key, Milestone.kinds))
        found = {row.key: row.kinds for row in rows}
        db.session.close()
        return found

    before = stored()
    assert ",design_doc," in before[DESIGN]
    alembic.downgrade("1795970000")
    upgrade()
    assert stored() == before


def start_upgrade(url: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "roadmap", "db", "upgrade"],
        cwd=config.ROOT,
        env=Server(url, folder).environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_concurrent_starts_migrate_once(tmp_path: Path) -> None:
    """Of two processes that start on an empty database, one migrates and the other waits."""
    with temporary_database(tmp_path) as url:
        starts = [start_upgrade(url, tmp_path) for _ in range(2)]
        outputs = [start.communicate(timeout=120)[0] for start in starts]
        assert [start.returncode for start in starts] == [0, 0], outputs
        app = make_app(url, tmp_path)
        with app.app_context():
            assert compare_schema() is Schema.CURRENT
            assert differences() == []
            db.engine.dispose()


@pytest.mark.sqlite
def test_waiting_migration_holds_no_write_lock(empty_app: Flask, tmp_path: Path) -> None:
    """The command reads the schema before it waits, and must not keep that transaction open."""
    upgrade()
    alembic.downgrade(-1)
    with Path(f"{db.engine.url.database}.migrating").open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = start_upgrade(str(db.engine.url), tmp_path)
        ends = time.monotonic() + 60
        while not re.search(rf"-> FLOCK .* {waiting.pid} ", Path("/proc/locks").read_text()):
            assert waiting.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.02)
        with db.engine.connect().execution_options(writes=True) as connection:
            connection.begin()  # would fail on a locked database
            connection.rollback()
    output, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, output
    assert "Another process migrates this database" in output


@pytest.mark.postgres
def test_waiting_migration_ignores_request_timeouts(
    empty_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """Statement timeouts of requests do not interrupt the wait for a long migration."""

    @sa.event.listens_for(db.engine, "connect")
    def set_timeouts(connection: Any, _record: Any) -> None:
        connection.execute("SET statement_timeout = 300")
        connection.execute("SET lock_timeout = 300")
        connection.commit()

    failed: list[BaseException] = []

    def migrate() -> None:
        try:
            with empty_app.app_context():
                upgrade()
        except sa.exc.OperationalError as error:
            failed.append(error)

    wait_times = sa.text(
        "SELECT now() - waitstart FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE datname = current_database() AND locktype = 'advisory' AND waitstart IS NOT NULL"
    )
    with db.engine.connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_lock(MIGRATION_LOCK)))
        other.commit()
        waiting = threading.Thread(target=migrate)
        waiting.start()
        long, ends = dt.timedelta(seconds=0.6), time.monotonic() + 60
        while (
            not failed and max(other.execute(wait_times).scalars(), default=dt.timedelta()) < long
        ):
            other.commit()  # a transaction's timestamp is fixed
            assert time.monotonic() < ends
            time.sleep(0.02)
        other.execute(sa.select(sa.func.pg_advisory_unlock(MIGRATION_LOCK)))
        other.commit()
    waiting.join(60)
    assert failed == []
    assert "Another process migrates this database" in caplog.text
    assert compare_schema() is Schema.CURRENT


def test_migrations_are_dated_and_linear(empty_app: Flask) -> None:
    assert FILES
    for path in FILES:
        assert re.fullmatch(r"20\d\d_\d\d_\d\d_[a-z0-9_]+\.py", path.name), path.name
    assert len(alembic.script_directory.get_heads()) == 1
    assert len(revisions()) == len(FILES)


def test_migrations_insert_no_data_and_import_no_application_code(empty_app: Flask) -> None:
    """Migrations must not change their meaning later, so they import no application code."""
    for path in FILES:
        text = path.read_text("utf-8")
        assert not re.search(r"^\s*(from|import) roadmap\b", text, re.MULTILINE), path.name
        assert "bulk_insert" not in text, path.name


def test_upgrade_turns_shown_evidence_into_default_portfolio(migrated_app: Flask) -> None:
    """With or without portfolio texts. A downgrade removes redacted evidence."""
    cast = Cast.create(db.session)
    now = dt.datetime.now(dt.UTC)
    pieces = [
        add_evidence(db.session, cast, cast.alice, now, title=title) for title in ("One", "Two")
    ]
    alice = cast.actor(db.session, cast.alice)
    mine = portfolios.lock_portfolio(db.session, cast.alice, by=alice, now=now)
    for piece in pieces:
        portfolios.add_item(db.session, mine, piece, now=now)
    link = links.create_link(db.session, mine, label="", expires_at=None, now=now).id
    secret = pieces[1].id
    db.session.commit()
    alembic.downgrade("1796310000")
    with db.engine.connect() as connection:
        connection.execution_options(writes=True)
        connection.execute(sa.text("DELETE FROM portfolio"))
        connection.commit()
    alembic.upgrade()
    default = db.session.get_one(Portfolio, cast.alice)
    assert (default.user_id, default.name, default.is_default) == (cast.alice, "Portfolio", True)
    assert db.session.get_one(PortfolioLink, link).portfolio_id == cast.alice
    assert len(load_document(db.session, cast.alice, now.date()).items) == 2

    redaction = Redaction("Under NDA")
    mine = portfolios.lock_portfolio(db.session, cast.alice, by=alice, now=now)
    portfolios.redact_item(db.session, mine, secret, redaction, now=now)
    portfolios.create_portfolio(db.session, name="CV", copy_of=cast.alice, by=alice, now=now)
    db.session.commit()
    db.session.close()
    alembic.downgrade("1796310000")
    counts = row_counts()
    assert (counts["portfolio"], counts["portfolio_item"], counts["portfolio_link"]) == (1, 1, 1)
    alembic.upgrade()
