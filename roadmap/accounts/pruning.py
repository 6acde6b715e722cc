"""What accounts leave behind and nobody needs any more."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.accounts import outbox
from roadmap.accounts.limits import WINDOW
from roadmap.accounts.models import ApiToken, Attempt, Invitation, LoginSession, PasswordLink
from roadmap.accounts.queries import ABSOLUTE

# How long an invitation is listed after its time is over; the audit log keeps its lines.
KEPT_INVITATIONS = dt.timedelta(days=90)
# How long a token is listed after its day, so that its person sees why something stopped.
KEPT_TOKENS = dt.timedelta(days=90)


def prune(session: Session, *, now: dt.datetime) -> int:
    """Removes sessions past their life, tries that count no more, links that open nothing,
    invitations and tokens that ran out long ago, and lines about mails of long ago.

    Returns how many rows that were.
    """
    gone = outbox.prune(session, now=now)
    for old in (
        sa.delete(LoginSession).where(LoginSession.created_at < now - ABSOLUTE),
        sa.delete(Attempt).where(Attempt.at <= now - WINDOW),
        sa.delete(PasswordLink).where(
            sa.or_(PasswordLink.used_at.is_not(None), PasswordLink.expires_at <= now)
        ),
        sa.delete(Invitation).where(Invitation.expires_at < now - KEPT_INVITATIONS),
        sa.delete(ApiToken).where(ApiToken.expires_at < now - KEPT_TOKENS),
    ):
        statement = old.execution_options(synchronize_session=False)
        gone += session.execute(statement).rowcount  # type: ignore[attr-defined]
    return gone
