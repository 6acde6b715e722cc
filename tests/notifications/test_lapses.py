"""Warnings 60 and 14 days before evidence expires, sent once each."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions
from roadmap.evidence.rules import EvidenceInput
from roadmap.notifications import lapses
from roadmap.notifications.models import Notification
from roadmap.people.models import User


@pytest.fixture
def certificate(session, cast, now):
    """A function adding a certificate of Alice with an expiry date."""

    def write(expires_on: str | dt.date):
        alice = cast.actor(session, cast.alice)
        content = EvidenceInput(
            kind="certification", title="Cloud <certificate>", url="https://example.org/",
            occurred_on=PartialDate("2024-03-01"), visibility="private",
            expires_on=PartialDate(str(expires_on)),
        )  # fmt: skip
        piece = actions.create(session, cast.alice, content, by=alice, now=now)
        session.commit()
        return piece

    return write


def count_warnings(session, now, *days: int) -> list[int]:
    """Run the job on each of these days from now; return the number of warnings of each run."""
    counts = []
    for day in days:
        counts.append(lapses.warn_owners(session, now=now + dt.timedelta(days=day)))
        session.commit()
    return counts


def test_each_warning_is_sent_once_and_none_after_expiry(session, certificate, now):
    certificate(now.date() + dt.timedelta(days=100))
    assert count_warnings(session, now, 0, 38, 41, 41, 60, 84, 87, 87, 100, 102) == [
        *(0, 0, 1, 0, 0, 0, 1, 0, 0, 0),
    ]


def test_evidence_expiring_within_14_days_is_warned_of_once(session, certificate, now):
    certificate(now.date() + dt.timedelta(days=5))
    assert count_warnings(session, now, 0, 1) == [1, 0]


def test_lapsed_or_long_valid_evidence_is_not_warned_of(session, certificate, now):
    for days in (-2, -400, 90, 4000):
        certificate(now.date() + dt.timedelta(days=days))
    certificate("9999")
    assert count_warnings(session, now, 0) == [0]


def test_renewed_evidence_is_warned_of_again(session, cast, certificate, now):
    piece = certificate(now.date() + dt.timedelta(days=10))
    assert count_warnings(session, now, 0) == [1]
    renewed = replace(
        actions.evidence_input(piece),
        expires_on=PartialDate(str(now.date() + dt.timedelta(days=400))),
    )
    actions.edit(session, piece, renewed, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    assert count_warnings(session, now, 0, 350, 351) == [0, 1, 0]


def test_warning_day_is_in_the_owners_time_zone(session, cast, certificate, now):
    session.get_one(User, cast.alice).timezone = "Pacific/Kiritimati"
    midnight = now.replace(hour=12, minute=0)
    certificate(midnight.date() + dt.timedelta(days=61))
    # In Kiritimati it is already tomorrow.
    assert count_warnings(session, midnight, 0) == [1]


def test_warning_is_shown_to_the_owner_only(session, cast, browser_of, certificate, now):
    piece = certificate(now.date() + dt.timedelta(days=10))
    count_warnings(session, now, 0)
    readers = session.scalars(sa.select(Notification.user_id)).all()
    assert readers == [cast.alice]
    page = browser_of(cast.alice).get("/notifications").text
    assert "Cloud &lt;certificate&gt;" in page
    assert "stops counting after" in page
    row = session.scalars(sa.select(Notification)).one()
    assert piece.id == row.evidence_id


def test_deactivated_owner_is_not_warned(session, cast, certificate, now):
    certificate(now.date() + dt.timedelta(days=10))
    session.get_one(User, cast.alice).deactivated_at = now
    session.commit()
    assert count_warnings(session, now, 0) == [0]
