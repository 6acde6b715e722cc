"""Delete invitations that expired long ago."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.invitations.models import Invitation

# How long an expired invitation stays listed; the audit log keeps its entries.
INVITATION_RETENTION = dt.timedelta(days=90)


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete invitations past their retention; return the number of rows."""
    old = sa.delete(Invitation).where(Invitation.expires_at < now - INVITATION_RETENTION)
    statement = old.execution_options(synchronize_session=False)
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]
