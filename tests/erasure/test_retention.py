"""Retention periods of the audit log, network addresses and sessions."""

from __future__ import annotations

import datetime as dt
import os

import pytest
import sqlalchemy as sa

from roadmap.auth.models import LoginSession
from roadmap.jobs.tasks import prune
from roadmap.people.audit import record_audit
from roadmap.people.models import AuditEntry

ADDRESS = "198.51.100.7"


@pytest.fixture
def old_and_new_entries(session, cast, now):
    """Add an audit entry and a session of 40 days ago and of today."""
    for days in (40, 0):
        at = now - dt.timedelta(days=days)
        record_audit(session, by=cast.bob, action="session.begun", address=ADDRESS, now=at)
        session.add(
            LoginSession(
                user_id=cast.bob, token_hash=os.urandom(32), address=ADDRESS, created_at=at,
                last_seen_at=at, fresh_at=at,
            )
        )  # fmt: skip
    session.commit()


def addresses(session) -> tuple[list[str], list[str]]:
    session.rollback()
    begun = sa.select(AuditEntry.address).where(AuditEntry.action == "session.begun")
    return (
        list(session.scalars(begun.order_by(AuditEntry.at))),
        list(session.scalars(sa.select(LoginSession.address).order_by(LoginSession.created_at))),
    )


@pytest.mark.parametrize(
    ("address_days", "session_days", "lines", "sessions"),
    [
        (30, 0, ["", ADDRESS], ["", ADDRESS]),
        (90, 7, [ADDRESS, ADDRESS], [ADDRESS]),
        (0, 0, [ADDRESS, ADDRESS], [ADDRESS, ADDRESS]),
    ],
)
def test_addresses_and_sessions_are_kept_for_the_configured_days(
    app, session, old_and_new_entries, monkeypatch, address_days, session_days, lines, sessions
):
    monkeypatch.setitem(app.config, "ADDRESS_DAYS", address_days)
    monkeypatch.setitem(app.config, "SESSION_DAYS", session_days)
    prune()
    assert addresses(session) == (lines, sessions)
    session.rollback()
    assert prune().total() == 0


def test_pruned_audit_log_shows_the_date_of_its_first_entries(
    app, session, cast, browser_of, old_and_new_entries, monkeypatch, now
):
    erin = browser_of(cast.erin)
    assert "were removed" not in erin.get("/admin/audit").text
    monkeypatch.setitem(app.config, "AUDIT_DAYS", 30)
    prune()
    prune()
    page = erin.get("/admin/audit").text
    day = (now - dt.timedelta(days=30)).date()
    assert f"Entries from before {day.day} {day:%b %Y} were removed." in page
    session.rollback()
    pruned = sa.select(AuditEntry.target).where(AuditEntry.action == "audit.pruned")
    assert session.scalars(pruned).all() == [day.isoformat()]


def test_administration_page_shows_the_retention_settings(app, cast, browser_of, monkeypatch):
    monkeypatch.setitem(app.config, "AUDIT_DAYS", 0)
    page = browser_of(cast.erin).get("/admin").text
    for name in ("ROADMAP_AUDIT_DAYS", "ROADMAP_ADDRESS_DAYS", "ROADMAP_SESSION_DAYS"):
        assert name in page
    assert "for ever" in page
    assert "90 days" in page
