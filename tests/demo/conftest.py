"""The demo data, loaded once for tests that only read it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap.career_plans.models import CareerPlan, Reflection
from roadmap.catalog.content import Content
from roadmap.catalog.queries import published_roadmap
from roadmap.core.database import db
from roadmap.credentials.models import CredentialCost
from roadmap.demo.loader import LoadedDemo, load_demo_data
from roadmap.demo.story import ROADMAP
from roadmap.evidence.models import (
    Comment,
    Confirmation,
    Evidence,
    EvidenceVersion,
    Impact,
    Review,
)
from roadmap.invitations.models import Invitation
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.models import Notification
from roadmap.people.models import HistoryEntry, Membership, Team, User
from roadmap.people.reach import select_people
from roadmap.people.roles import Capability
from roadmap.portfolio.models import PortfolioItem
from roadmap.practice.models import Answer, MockInterview, PracticeAttempt
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import PersonRecord, person_record
from roadmap.skills.models import Assessment
from roadmap.time_budget.models import TimeEntry
from roadmap.tools.models import ToolRecord

LOADED_MODELS: tuple[type[Any], ...] = (
    Answer, Assessment, CareerPlan, Comment, Confirmation, CredentialCost, Enrollment, Evidence,
    EvidenceVersion, HistoryEntry, Impact, Invitation, Membership, MilestonePlan, MilestoneStatus,
    MockInterview, Notification, OutgoingMail, PortfolioItem, PracticeAttempt, ReadinessSummary,
    Reflection, Review, Team, TimeEntry, ToolRecord, User,
)  # fmt: skip
# Just after midnight on a leap day, where date arithmetic is most likely to fail.
NOW = dt.datetime(2028, 2, 29, 0, 5, tzinfo=dt.UTC)
ENGINEERS = (
    "maya", "yusuf", "ines", "viktor", "jonas", "hanna", "weilin", "siobhan", "tadeusz", "amara",
    "mirela", "priya",
)  # fmt: skip
MANAGERS = ("tomas", "karin")
# Mail is configured, to test that demo users receive none.
MAIL_SERVER = {
    "SMTP_URL": "smtp://127.0.0.1:1",
    "MAIL_FROM": "cairn@house.example",
    "BASE_URL": "https://cairn.house.example",
}


@dataclass(frozen=True)
class DemoData:
    """The demo data as read from the database."""

    loaded: LoadedDemo
    rows: dict[type[Any], list[Any]]
    records: dict[str, PersonRecord]
    roadmap_id: uuid.UUID
    content: Content
    managed: dict[str, frozenset[uuid.UUID]]

    def of(self, model: type, person: str) -> list[Any]:
        return [row for row in self.rows[model] if row.user_id == self.loaded.ids[person]]

    def summary(self, person: str) -> ReadinessSummary:
        of_person = self.of(ReadinessSummary, person)
        (row,) = (each for each in of_person if each.roadmap_id == self.roadmap_id)
        assert isinstance(row, ReadinessSummary)
        return row


@pytest.fixture(scope="package")
def demo(app: Flask) -> DemoData:
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        for name, value in MAIL_SERVER.items():
            patch.setitem(app.config, name, value)
        session = db.session
        loaded = load_demo_data(session, now=NOW)
        session.expunge_all()
        rows = {model: list(session.scalars(sa.select(model))) for model in LOADED_MODELS}
        for piece in rows[Evidence]:
            assert piece.current is not None  # load it while the session is open
            assert piece.links is not None
        roadmap = published_roadmap(session, ROADMAP)
        assert roadmap is not None
        ids = loaded.ids
        data = DemoData(
            loaded,
            rows,
            {name: person_record(session, ids[name]) for name in ("maya", "yusuf")},
            roadmap.roadmap_id,
            roadmap.content,
            {
                name: set(session.scalars(select_people(ids[name], Capability.SEE_SHARED)))
                for name in ("tomas", "karin", "elena")
            },
        )
        session.expunge_all()
        session.rollback()
        return data
