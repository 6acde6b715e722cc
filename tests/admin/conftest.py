"""The administrator's client, and the entries of the audit log."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.auth.models import LoginSession
from roadmap.people.models import AuditEntry


@pytest.fixture
def erin(cast, browser_of):
    return browser_of(cast.erin)


@pytest.fixture
def stale(session, erin, now):
    """The administrator's client, an hour after the last password entry."""
    session.execute(sa.update(LoginSession).values(fresh_at=now - dt.timedelta(hours=1)))
    session.commit()
    return erin


@pytest.fixture
def audited(session):
    """`audited()` returns the audit log's actions with their targets, oldest first."""

    def read() -> list[tuple[str, str]]:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.target).order_by(AuditEntry.id)
        )
        return [(action, target) for action, target in rows]

    return read
