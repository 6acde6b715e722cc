"""The demo, loaded once and read back, for all tests that only look at it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap.accounts.models import Invitation, OutgoingMail
from roadmap.catalog.queries import published
from roadmap.core.database import db
from roadmap.demo.load import ROADMAP, Loaded, load
from roadmap.evidence.models import (
    Comment,
    Confirmation,
    Evidence,
    EvidenceVersion,
    Impact,
    Review,
)
from roadmap.notify.models import Notification
from roadmap.people.models import HistoryEntry, Membership, Team, User
from roadmap.people.queries import managed_people
from roadmap.portfolio.models import PortfolioItem
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus
from roadmap.readiness.facts import Course
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import Record, course, record
from roadmap.skills.models import Assessment

LOOKED_AT: tuple[type[Any], ...] = (
    Assessment, Comment, Confirmation, Enrollment, Evidence, EvidenceVersion, HistoryEntry, Impact,
    Invitation, Membership, MilestonePlan, MilestoneStatus, Notification, OutgoingMail,
    PortfolioItem, ReadinessSummary, Review, Team, User,
)  # fmt: skip
NOW = dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.UTC)
ENGINEERS = (
    "maya", "yusuf", "ines", "viktor", "jonas", "hanna", "weilin", "siobhan", "tadeusz", "amara",
    "mirela", "priya",
)  # fmt: skip
MANAGERS = ("tomas", "karin")


@dataclass(frozen=True)
class World:
    """What a load wrote, read back once for all tests that only look at it."""

    loaded: Loaded
    rows: dict[type[Any], list[Any]]
    records: dict[str, Record]
    course: Course
    managed: dict[str, frozenset[uuid.UUID]]

    def of(self, model: type, person: str) -> list[Any]:
        return [row for row in self.rows[model] if row.user_id == self.loaded.ids[person]]

    def summary(self, person: str) -> ReadinessSummary:
        (row,) = self.of(ReadinessSummary, person)
        assert isinstance(row, ReadinessSummary)
        return row


@pytest.fixture(scope="package")
def demo(app: Flask) -> World:
    with app.app_context():
        session = db.session
        loaded = load(session, now=NOW)
        session.expunge_all()
        rows = {model: list(session.scalars(sa.select(model))) for model in LOOKED_AT}
        for piece in rows[Evidence]:
            assert piece.current is not None  # loaded while it can be
            assert piece.links is not None
        roadmap = published(session, ROADMAP)
        assert roadmap is not None
        ids = loaded.ids
        world = World(
            loaded,
            rows,
            {name: record(session, ids[name]) for name in ("maya", "yusuf")},
            course(roadmap),
            {name: managed_people(session, ids[name]) for name in ("tomas", "karin", "elena")},
        )
        session.expunge_all()
        session.rollback()
        return world
