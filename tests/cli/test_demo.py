"""`flask demo load`: its output, when it refuses to run, and that it is reproducible."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth import passwords
from roadmap.core.database import db
from roadmap.core.types import Base
from roadmap.demo.cast import CAST, generate_password
from roadmap.demo.generated_people import generate_people
from roadmap.demo.loader import load_demo_data
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import select_people
from roadmap.people.roles import Capability
from roadmap.progress.models import Enrollment
from tests.support.databases import CATALOG

NOW = dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.UTC)
ID = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}\b")
# Random at each load.
SECRETS = ("password_hash", "token_hash")

# --- Reproducibility ------------------------------------------------------------------------------


def test_same_seed_and_date_reproduce_the_demo_and_its_generated_team(session: Session) -> None:
    with rolled_back(session):
        loaded = load_demo_data(session, now=NOW, seed=3, people=18)
        first = content(session)
        assert len(loaded.accounts) == len(set(loaded.ids)) == 18
        members = session.scalars(
            sa.select(Membership.user_id)
            .join(Team, Team.id == Membership.team_id)
            .where(Team.slug == "forecasting", Membership.role == "member")
        ).all()
        assert len(members) == 18 - len(CAST)
        managed = session.scalars(select_people(loaded.ids["tomas"], Capability.SEE_SHARED)).all()
        assert set(members) <= set(managed)
        enrolled = session.scalars(sa.select(Enrollment.user_id)).all()
        assert set(members) <= set(enrolled)
    with rolled_back(session):
        load_demo_data(session, now=NOW + dt.timedelta(hours=5), seed=3, people=18)
        assert content(session) == first
    assert len(first["evidence"]) > 101


def test_seed_determines_generated_people_and_passwords() -> None:
    assert generate_people(4, 1) == generate_people(4, 1)
    assert {person.name for person in generate_people(4, 1)} != {
        person.name for person in generate_people(4, 2)
    }
    assert generate_password("maya", 1) != generate_password("maya", 2)


# --- The command ----------------------------------------------------------------------------------


def test_load_with_force_prints_working_accounts_and_runs_only_once(app: Flask) -> None:
    runner = app.test_cli_runner()
    with app.app_context():
        db.session.add(
            User(email="a@example.org", email_key="a@example.org", name="A", created_at=NOW)
        )
        db.session.commit()
    result = runner.invoke(args=["demo", "load", "--seed", "7", "--force"])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines() if "@demo.example" in line]
    assert [line[0] for line in lines] == [f"{name}@demo.example" for name in CAST]
    assert "Start as Maya" in result.stdout
    assert all(len(line) <= 120 for line in result.stdout.splitlines())
    with app.app_context():
        for email, password, *_name in lines:
            user = db.session.scalars(sa.select(User).where(User.email == email)).one()
            assert passwords.verify(user.password_hash, password)
            with app.test_request_context():
                assert passwords.find_weakness(password, name=user.name, email=email) is None
    again = runner.invoke(args=["demo", "load", "--force"])
    assert again.exit_code == 1
    assert again.stderr == "Error: The demo people are in this database already.\n"


def test_load_without_force_rejects_a_database_with_accounts(app: Flask, cast: object) -> None:
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["demo", "load"])
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "--force" in refused.stderr


def test_load_rejects_a_database_with_a_team_of_the_same_name(app: Flask, cast: object) -> None:
    refused = app.test_cli_runner().invoke(args=["demo", "load", "--force"])
    assert refused.exit_code == 1
    assert "There is a team 'ranking' in this database already" in refused.stderr
    assert "a database of its own, as `make demo` does" in refused.stderr


def test_load_rejects_fewer_people_than_the_cast(app: Flask) -> None:
    refused = app.test_cli_runner().invoke(args=["demo", "load", "--people", "3"])
    assert refused.exit_code == 1
    assert refused.stderr == f"Error: The demo has at least {len(CAST)} people.\n"


# --- Helpers --------------------------------------------------------------------------------------


@contextmanager
def rolled_back(session: Session) -> Iterator[None]:
    yield
    session.rollback()
    session.expunge_all()


def content(session: Session) -> dict[str, list[str]]:
    """Return all rows of each table without ids and password hashes, sorted."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name in CATALOG:
            continue
        rows = session.execute(sa.select(table)).mappings()
        found[table.name] = sorted(_plain(dict(row)) for row in rows)
    return found


def _plain(row: dict[str, Any]) -> str:
    for secret in SECRETS:
        row.pop(secret, None)
    if isinstance(row.get("id"), int):
        del row["id"]
    kept = {name: value for name, value in row.items() if not isinstance(value, uuid.UUID)}
    return ID.sub("id", json.dumps(kept, default=str, sort_keys=True))
