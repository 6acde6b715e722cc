"""Delete expired sessions, attempts, links and tokens."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.models import ApiToken, Attempt, LoginSession, PasswordLink
from roadmap.auth.queries import SESSION_LIFETIME
from roadmap.auth.rate_limits import WINDOW

# How long an expired token stays listed, so that its person sees why something stopped.
TOKEN_RETENTION = dt.timedelta(days=90)


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete expired sessions, attempts, links and tokens; return the number of rows."""
    deleted = 0
    for old in (
        sa.delete(LoginSession).where(LoginSession.created_at < now - SESSION_LIFETIME),
        sa.delete(Attempt).where(Attempt.attempted_at <= now - WINDOW),
        sa.delete(PasswordLink).where(
            sa.or_(PasswordLink.used_at.is_not(None), PasswordLink.expires_at <= now)
        ),
        sa.delete(ApiToken).where(ApiToken.expires_at < now - TOKEN_RETENTION),
    ):
        statement = old.execution_options(synchronize_session=False)
        deleted += session.execute(statement).rowcount  # type: ignore[attr-defined]
    return deleted
