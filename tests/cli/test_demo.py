"""`flask demo load`: what it writes, what it prints, and when it refuses."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.accounts import passwords
from roadmap.catalog.queries import published
from roadmap.core.database import db
from roadmap.core.types import Base
from roadmap.demo.load import ROADMAP, Loaded, load
from roadmap.evidence.models import Evidence, EvidenceVersion, Impact, Review
from roadmap.evidence.words import KINDS, STATES, VISIBILITIES
from roadmap.people.actor import managed_people
from roadmap.people.models import HistoryEntry, Membership, Team, User
from roadmap.portfolio.models import PortfolioItem
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus
from roadmap.readiness.facts import Course
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import Record, course, record
from roadmap.readiness.rules import assess
from roadmap.skills.models import Assessment
from tests.conftest import CATALOG

LOOKED_AT = (
    Assessment, Enrollment, Evidence, EvidenceVersion, HistoryEntry, Impact, Membership,
    MilestonePlan, MilestoneStatus, PortfolioItem, ReadinessSummary, Review, User,
)  # fmt: skip
NOW = dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.UTC)
ID = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}\b")


@dataclass(frozen=True)
class World:
    """What a load wrote, read back once for all tests that only look at it."""

    loaded: Loaded
    rows: dict[type, list[Any]]
    maya: Record
    course: Course
    managed: dict[str, frozenset[uuid.UUID]]

    def of(self, model: type, person: str) -> list[Any]:
        return [row for row in self.rows[model] if row.user_id == self.loaded.ids[person]]


@pytest.fixture(scope="module")
def demo(app: Flask) -> World:
    with app.app_context():
        session = db.session
        loaded = load(session, now=NOW)
        session.expunge_all()
        rows = {model: list(session.scalars(sa.select(model))) for model in LOOKED_AT}
        for piece in rows[Evidence]:
            assert piece.current is not None  # loaded while it can be
        roadmap = published(session, ROADMAP)
        assert roadmap is not None
        world = World(
            loaded,
            rows,
            record(session, loaded.ids["maya"]),
            course(roadmap),
            {name: managed_people(session, loaded.ids[name]) for name in ("tomas", "elena")},
        )
        session.expunge_all()
        session.rollback()
        return world


# --- What is in it --------------------------------------------------------------------------------


def test_maya_has_everything_a_page_can_show(demo: World) -> None:
    pieces = demo.of(Evidence, "maya")
    assert {piece.current.kind for piece in pieces} == set(KINDS)
    assert {piece.visibility for piece in pieces} == set(VISIBILITIES)
    states = Counter(piece.state for piece in pieces)
    assert states.keys() == set(STATES)
    assert 8 <= states["verified"] <= 10
    anew = [piece for piece in pieces if piece.state == "submitted" and piece.verified_version_id]
    assert [(piece.title, piece.current.number) for piece in anew] == [
        ("A/B test of the order-value ranker: shipped at +1.4 % order value", 2)
    ]


def test_what_was_returned_says_why_and_by_whom(demo: World) -> None:
    returned = [row for row in demo.of(Review, "maya") if row.decision == "returned"]
    assert len(returned) == 2
    assert all(row.comment and row.reviewer_name == "Tomas Okafor" for row in returned)


def test_one_certificate_has_lapsed_and_one_is_about_to(demo: World) -> None:
    ends = [row.expires_on for row in demo.rows[EvidenceVersion] if row.expires_on]
    assert sorted((end - NOW.date()).days for end in ends) == [-45, 20]


def test_impacts_of_each_type_and_one_incomplete(demo: World) -> None:
    rows = demo.rows[Impact]
    assert {row.type for row in rows if row.metric and row.result and row.unit} == {
        "scale",
        "business",
        "team",
    }
    assert len([row for row in rows if not row.result]) == 1


def test_maya_is_under_way_with_some_gates_passed(demo: World) -> None:
    own = assess(demo.course, demo.maya.own(), NOW.date())
    assert own.verdict == "under_way"
    assert not own.claimed_not_proven
    assert {gate.key for gate in own.gates if gate.passed} == {"design", "impact", "sustained"}
    tones = Counter(own.tones.values())
    done = tones["claimed"] + tones["evidenced"] + tones["verified"]
    assert 0.4 < done / len(own.tones) < 0.5
    assert min(tones["claimed"], tones["evidenced"], tones["verified"]) >= 5
    assert min(tones["in_progress"], tones["not_applicable"]) >= 4


def test_a_draft_counts_for_maya_and_for_nobody_else(demo: World) -> None:
    own = assess(demo.course, demo.maya.own(), NOW.date())
    others = assess(demo.course, demo.maya.shared(), NOW.date())
    assert others.score < own.score


def test_the_kept_figures_are_those_of_today(demo: World) -> None:
    (row,) = demo.of(ReadinessSummary, "maya")
    assert row.computed_on == NOW.date()
    assert row.shared_score < row.own_score


def test_maya_has_plans_one_of_them_overdue(demo: World) -> None:
    plans = demo.of(MilestonePlan, "maya")
    assert any(plan.note for plan in plans)
    late = [plan.milestone_key for plan in plans if plan.target_on and plan.target_on < NOW.date()]
    assert late == ["lead-cross-functional-project"]


def test_maya_and_her_manager_see_two_skills_differently(demo: World) -> None:
    rows = sorted(demo.rows[Assessment], key=lambda row: row.assessed_at)
    latest = {(row.side, row.skill_key): row.level for row in rows}
    gaps = [level - latest["self", key] for (side, key), level in latest.items() if side == "other"]
    assert len(gaps) == 6
    assert (min(gaps), max(gaps)) == (-2, 2)


def test_the_portfolio_shows_only_what_may_be_shown(demo: World) -> None:
    visibility = {piece.id: piece.visibility for piece in demo.rows[Evidence]}
    shown = [visibility[item.evidence_id] for item in demo.of(PortfolioItem, "maya")]
    assert len(shown) >= 6
    assert set(shown) == {"portfolio"}


def test_what_is_not_applicable_says_why(demo: World) -> None:
    rows = [row for row in demo.rows[MilestoneStatus] if row.status == "not_applicable"]
    assert len(rows) == 5
    assert all(row.reason for row in rows)


def test_jonas_has_a_week_and_priya_nothing(demo: World) -> None:
    done = [row for row in demo.of(MilestoneStatus, "jonas") if row.status == "done"]
    assert len(done) == 6
    assert [piece.state for piece in demo.of(Evidence, "jonas")] == ["draft"]
    assert demo.of(Assessment, "jonas") == []
    for model in (Enrollment, Evidence, MilestoneStatus, Membership, HistoryEntry):
        assert demo.of(model, "priya") == []


def test_the_manager_leads_the_team_and_the_administrator_none(demo: World) -> None:
    ids = demo.loaded.ids
    assert demo.managed["tomas"] == {ids["maya"], ids["jonas"]}
    assert demo.managed["elena"] == set()
    assert [user.id for user in demo.rows[User] if user.is_admin] == [ids["elena"]]


def test_history_is_in_order_and_in_the_past(demo: World) -> None:
    rows = sorted(demo.of(HistoryEntry, "maya"), key=lambda row: row.id)
    moments = [row.at for row in rows]
    assert moments == sorted(moments)
    assert dt.timedelta(days=360) < NOW - moments[0] < dt.timedelta(days=372)
    assert moments[-1].date() < NOW.date()
    assert len({moment.strftime("%Y-%m") for moment in moments}) >= 12
    assert all(moment.weekday() < 5 for moment in moments)


def test_nothing_is_done_before_what_comes_before_it(demo: World) -> None:
    done = {
        row.milestone_key: row.since
        for row in demo.of(MilestoneStatus, "maya")
        if row.status == "done"
    }
    for milestone in demo.course.milestones:
        for before in milestone.after if milestone.key in done else ():
            assert done[before].date() <= done[milestone.key].date(), milestone.key


@pytest.mark.parametrize("today", ["2028-02-29", "2026-11-22"])
def test_it_loads_on_any_day(session: Session, today: str) -> None:
    now = dt.datetime.fromisoformat(f"{today}T00:05:00+00:00")
    loaded = load(session, now=now)
    assert loaded.pieces == 22


# --- The same again -------------------------------------------------------------------------------


def test_the_same_seed_and_date_give_the_same_content(session: Session) -> None:
    with undone(session):
        load(session, now=NOW, seed=3, people=8)
        first = content(session)
    with undone(session):
        load(session, now=NOW + dt.timedelta(hours=5), seed=3, people=8)
        assert content(session) == first
    assert len(first["evidence"]) > 22


def test_another_seed_gives_other_people_and_passwords(session: Session) -> None:
    with undone(session):
        one = load(session, now=NOW, seed=1, people=9)
    with undone(session):
        other = load(session, now=NOW, seed=2, people=9)
    assert {account.name for account in one.cast} == {account.name for account in other.cast}
    assert {account.name for account in one.accounts} != {
        account.name for account in other.accounts
    }
    assert one.passwords["maya"] != other.passwords["maya"]


def test_generated_people_are_a_team_of_their_own(session: Session) -> None:
    loaded = load(session, now=NOW, people=9)
    assert len(loaded.accounts) == len(set(loaded.ids)) == 9
    members = session.scalars(
        sa.select(Membership.user_id)
        .join(Team, Team.id == Membership.team_id)
        .where(Team.slug == "forecasting", Membership.role == "member")
    ).all()
    assert len(members) == 4
    assert set(members) <= managed_people(session, loaded.ids["tomas"])
    enrolled = session.scalars(sa.select(Enrollment.user_id)).all()
    assert set(members) <= set(enrolled)


# --- The command ----------------------------------------------------------------------------------


def test_the_command_prints_accounts_that_open(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "load", "--seed", "7"])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines() if "@demo.example" in line]
    assert [line[0] for line in lines] == [
        f"{name}@demo.example" for name in ("elena", "tomas", "maya", "jonas", "priya")
    ]
    with app.app_context():
        for email, password, *_who in lines:
            user = db.session.scalars(sa.select(User).where(User.email == email)).one()
            assert passwords.verify(user.password_hash, password)
            with app.test_request_context():
                assert passwords.fault(password, name=user.name, email=email) is None


def test_the_command_refuses_a_database_that_holds_people(app: Flask, cast: object) -> None:
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["demo", "load"])
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "--force" in refused.stderr


def test_force_adds_the_demo_once(app: Flask) -> None:
    runner = app.test_cli_runner()
    with app.app_context():
        db.session.add(
            User(email="a@example.org", email_key="a@example.org", name="A", created_at=NOW)
        )
        db.session.commit()
    assert runner.invoke(args=["demo", "load", "--force"]).exit_code == 0
    again = runner.invoke(args=["demo", "load", "--force"])
    assert again.exit_code == 1
    assert again.stderr == "Error: The demo people are in this database already.\n"


def test_a_team_of_the_same_name_is_left_alone(app: Flask, cast: object) -> None:
    refused = app.test_cli_runner().invoke(args=["demo", "load", "--force"])
    assert refused.exit_code == 1
    assert refused.stderr == "Error: There is a team 'ranking' in this database already.\n"


def test_fewer_people_than_the_cast_are_refused(app: Flask) -> None:
    refused = app.test_cli_runner().invoke(args=["demo", "load", "--people", "3"])
    assert refused.exit_code == 1
    assert refused.stderr == "Error: The demo has at least 5 people.\n"


# --- Helpers --------------------------------------------------------------------------------------


@contextmanager
def undone(session: Session) -> Iterator[None]:
    yield
    session.rollback()
    session.expunge_all()


def content(session: Session) -> dict[str, list[str]]:
    """Every row of every table without ids and password hashes, in an order of their own."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name in CATALOG:
            continue
        rows = session.execute(sa.select(table)).mappings()
        found[table.name] = sorted(_plain(dict(row)) for row in rows)
    return found


def _plain(row: dict[str, Any]) -> str:
    row.pop("password_hash", None)
    if isinstance(row.get("id"), int):
        del row["id"]
    kept = {name: value for name, value in row.items() if not isinstance(value, uuid.UUID)}
    return ID.sub("id", json.dumps(kept, default=str, sort_keys=True))
