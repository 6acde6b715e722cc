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
from roadmap.auth import rate_limits
from roadmap.auth.models import ApiToken, LoginSession
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, Team
from tests.support.api_client import make_token
from tests.support.cast import Cast

ROOMS = Path(__file__).resolve().parents[2] / "roadmap"


def audit_entries(session: Session) -> list[tuple[str, str, uuid.UUID | None]]:
    """The lines: action, target, by whom."""
    rows = session.execute(
        sa.select(AuditEntry.action, AuditEntry.target, AuditEntry.actor_id).order_by(AuditEntry.id)
    )
    return [tuple(row) for row in rows]


def test_a_team_was_changed(session: Session, cast: Cast, now: dt.datetime) -> None:
    team, erin = session.get_one(Team, cast.team), cast.actor(session, cast.erin)
    people.change_team(session, team, name="Feeds", parent_id=None, by=erin, now=now)
    assert audit_entries(session) == [("team.changed", "ranking", cast.erin)]


def test_signing_out(session: Session, cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    own = str(session.scalar(sa.select(LoginSession.id)))
    alice.post("/logout")
    assert audit_entries(session) == [("session.ended", own, cast.alice)]


def test_other_browsers_were_signed_out(session: Session, cast: Cast, browser_of) -> None:
    browser_of(cast.alice)
    browser_of(cast.alice).delete("/account/sessions")
    assert audit_entries(session) == [("session.revoked", "", cast.alice)]


def test_a_token_was_revoked(app: Flask, session: Session, cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    make_token(app, cast.alice)
    token = session.scalars(sa.select(ApiToken)).one()
    session.commit()
    alice.delete(f"/account/tokens/{token.id}")
    assert audit_entries(session)[-1] == ("token.revoked", str(cast.alice), cast.alice)


def test_a_link_to_set_a_password(session: Session, cast: Cast, now: dt.datetime) -> None:
    accounts.create_password_link(session, cast.alice, by=cast.actor(session, cast.erin), now=now)
    assert audit_entries(session) == [("password.link_made", str(cast.alice), cast.erin)]


def test_who_asks_for_a_mailed_link_is_not_known(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    accounts.create_password_link(session, cast.alice, by=cast.alice, address="192.0.2.1", now=now)
    assert audit_entries(session) == [("password.link_made", str(cast.alice), None)]


def test_an_account_is_made_by_its_owner_or_on_the_command_line(
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


def test_asking_for_a_link_too_often(app: Flask, session: Session, cast: Cast, browser_of) -> None:
    before = {name: app.config[name] for name in ("SMTP_URL", "MAIL_FROM", "BASE_URL")}
    app.config.update(
        SMTP_URL="smtp://127.0.0.1:9",
        MAIL_FROM="Cairn <cairn@example.org>",
        BASE_URL="https://cairn.example.org",
    )
    try:
        answers = [
            browser_of().post("/password/forgot", {"email": "nobody@example.org"}).status_code
            for _ in range(rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS + 1)
        ]
    finally:
        app.config.update(before)
    assert answers == [303] * rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS + [429]
    assert audit_entries(session) == [("reset.refused", "nobody@example.org", None)]


def audit_actions_in(path: Path) -> set[str]:
    """Every constant text of a module, and of texts that are put together their beginning."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            found.add(f"{node.values[0].value}*")
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
            found.add(f"*{node.values[-1].value}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_no_sentence_is_for_what_nobody_writes() -> None:
    """A sentence belongs to an action that some module names, whole or as thing and verb."""
    written: set[str] = set()
    for path in ROOMS.rglob("*.py"):
        # Notifications and the API say what happened with words of their own.
        if path.parent.name not in ("notifications", "api") and path.name != "audit_messages.py":
            written |= audit_actions_in(path)
    unwritten = set()
    for action in MESSAGES:
        thing, _, verb = action.partition(".")
        together = f"{thing}.*" in written and verb in written
        tried = f"*.{verb}" in written and thing in written
        if action not in written and not together and not tried:
            unwritten.add(action)
    assert not unwritten
