"""Sample dates in Alice's calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from roadmap.core.dates import PartialDate
from roadmap.progress import actions as progress
from tests.evidence.builders import DESIGN, LEVELS, MENTOR, add_evidence
from tests.support.catalog import enroll
from tests.support.sample_data import SLUG


@pytest.fixture
def today(now) -> dt.date:
    return now.date()


@pytest.fixture
def dates(session, cast, now, today):
    """A late target date, a future one, one of a completed milestone, and a certification."""
    enroll(session, cast.alice, now, SLUG)
    for key, days in ((DESIGN, -9), (LEVELS, 40), (MENTOR, 3)):
        progress.set_plan(
            session, cast.alice, key, note="Ask Bob first.",
            target_on=today + dt.timedelta(days=days), now=now,
        )  # fmt: skip
    progress.set_status(session, cast.alice, MENTOR, "done", now=now)
    last = PartialDate(today + dt.timedelta(days=70))
    piece = add_evidence(
        session, cast, cast.alice, now, title="Cloud, certified; twice", kind="certification",
        visibility="private", expires_on=last,
    )  # fmt: skip
    session.commit()
    return piece
