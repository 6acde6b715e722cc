"""Changes to sessions, links, tokens and teams are in the audit log."""

from __future__ import annotations

import ast
import datetime as dt
import uuid
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.admin.audit_messages import MESSAGES
from roadmap.auth import actions as accounts
from roadmap.auth.models import ApiToken, LoginSession
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, Team
from tests.support.api_client import make_token
from tests.support.cast import Cast

PACKAGE = Path(__file__).resolve().parents[2] / "roadmap"


def audit_entries(session: Session) -> list[tuple[str, str, uuid.UUID | None]]:
    """Return action, target and actor of each entry."""
    rows = session.execute(
        sa.select(AuditEntry.action, AuditEntry.target, AuditEntry.actor_id).order_by(AuditEntry.id)
    )
    return [tuple(row) for row in rows]


def test_team_change_is_audited(session: Session, cast: Cast, now: dt.datetime) -> None:
    team, erin = session.get_one(Team, cast.team), cast.actor(session, cast.erin)
    people.change_team(session, team, name="Feeds", parent_id=None, by=erin, now=now)
    assert audit_entries(session) == [("team.changed", "ranking", cast.erin)]


def test_sign_out_is_audited(session: Session, cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    own = str(session.scalar(sa.select(LoginSession.id)))
    alice.post("/logout")
    assert audit_entries(session) == [("session.ended", own, cast.alice)]


def test_ending_other_sessions_is_audited(session: Session, cast: Cast, browser_of) -> None:
    browser_of(cast.alice)
    browser_of(cast.alice).delete("/account/sessions")
    assert audit_entries(session) == [("session.revoked", "", cast.alice)]


def test_token_revocation_is_audited(app: Flask, session: Session, cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    make_token(app, cast.alice)
    token = session.scalars(sa.select(ApiToken)).one()
    session.commit()
    alice.delete(f"/account/tokens/{token.id}")
    assert audit_entries(session)[-1] == ("token.revoked", str(cast.alice), cast.alice)


def test_password_link_is_audited_with_its_creator(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    accounts.create_password_link(session, cast.alice, by=cast.actor(session, cast.erin), now=now)
    assert audit_entries(session) == [("password.link_made", str(cast.alice), cast.erin)]


def test_mailed_password_link_is_audited_without_actor(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    accounts.create_password_link(session, cast.alice, by=cast.alice, address="192.0.2.1", now=now)
    assert audit_entries(session) == [("password.link_made", str(cast.alice), None)]


def test_account_creation_is_audited_with_owner_or_without_actor(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    makers = []
    for number, address in enumerate(["192.0.2.1", ""]):
        email = f"new{number}@example.org"
        user = accounts.create_user(
            session, name="New", email=email, by=None, address=address, now=now
        )
        makers.append((audit_entries(session)[-1][2], user.id))
    assert [by and by == owner for by, owner in makers] == [True, None]


def string_constants(path: Path) -> set[str]:
    """Return the string constants of a module; of an f-string its constant start or end."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            found.add(f"{node.values[0].value}*")
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
            found.add(f"*{node.values[-1].value}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_every_audit_message_has_an_action_in_the_code() -> None:
    """An action is written as one string, or composed of its subject and verb."""
    written: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        # Notifications and the API have their own actions.
        if path.parent.name not in ("notifications", "api") and path.name != "audit_messages.py":
            written |= string_constants(path)
    unwritten = set()
    for action in MESSAGES:
        subject, _, verb = action.partition(".")
        prefixed = f"{subject}.*" in written and verb in written
        suffixed = f"*.{verb}" in written and subject in written
        if action not in written and not prefixed and not suffixed:
            unwritten.add(action)
    assert not unwritten
