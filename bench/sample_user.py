"""The user of the benchmark, created with Cairn's own actions."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.orm import Session

from bench.wsgi import Answer, Call, WsgiApp
from roadmap.auth.models import LoginSession
from roadmap.auth.passwords import hash_password
from roadmap.auth.tokens import new_token
from roadmap.catalog.actions import publish_shipped
from roadmap.catalog.content import Content, Milestone
from roadmap.catalog.queries import published_roadmaps
from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.core.headers import SessionCookieInterface
from roadmap.core.migrations import upgrade
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.item import Impact
from roadmap.evidence.rules import EvidenceInput
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.portfolio import actions as portfolio
from roadmap.progress import actions as progress
from roadmap.skills import actions as skills

PIECES = 200
PASSWORD = "granite scree and lichen"
EMAIL = "engineer@example.org"
TEXT = """Design of the **feature store** that the ranking teams share.

- one definition for training and serving, checked by a contract test
- backfills by partition, 40 TB in nine hours
- see the [decision record](https://example.org/adr/17)
"""


@dataclass(frozen=True)
class SampleUser:
    """A user, their roadmap content, and a session's cookie and CSRF token."""

    id: uuid.UUID
    content: Content
    cookie: str
    csrf_token: str

    def call(
        self,
        app: WsgiApp,
        method: str,
        path: str,
        more: Mapping[str, str] | None = None,
    ) -> Call:
        """Return a request with this user's session. `more` are further headers."""
        return Call(app, method, path, {"Cookie": self.cookie, **(more or {})})

    def ticks(self) -> list[Milestone]:
        """Return milestones that are not done, for measurements to tick and untick."""
        return [milestone for place, milestone in enumerate(self.content.milestones) if place % 2]


def create_sample_user(app: Flask) -> SampleUser:
    """Migrate the database, publish the content and create the user."""
    now = dt.datetime.now(dt.UTC)
    with app.app_context():
        upgrade()
        publish_shipped(db.session, now=now)
        db.session.commit()
        published = max(
            published_roadmaps(db.session), key=lambda each: len(each.content.milestones)
        )
        engineer, manager = _people(db.session, now)
        progress.enroll(db.session, engineer.id, published.roadmap_id, now=now)
        _record_progress(db.session, published.content, engineer, manager, now)
        own = portfolio.lock_portfolio(db.session, engineer.id, by=engineer, now=now)
        portfolio.add_all_items(db.session, own, engineer.today(now), now=now)
        db.session.commit()
        cookie = signed_in_cookie(app, engineer.id, now)
    content = published.content
    page = Call(app, "GET", f"/roadmaps/{content.slug}", {"Cookie": cookie})()
    cookie = _cookie_of(page) or cookie
    found = re.search(rb'X-CSRFToken": "([^"]+)"', page.body)
    if page.status != 200 or found is None:
        raise RuntimeError(f"the roadmap page answered {page.status}, or carries no csrf_token")
    return SampleUser(engineer.id, content, cookie, found.group(1).decode())


def _people(session: Session, now: dt.datetime) -> tuple[Actor, Actor]:
    actors = []
    team = Team(slug="ranking", name="Ranking", created_at=now)
    session.add(team)
    for email, name, role in (
        (EMAIL, "Alice Example", "member"),
        ("manager@example.org", "Bob Example", "manager"),
    ):
        user = User(
            email=email,
            email_key=email,
            name=name,
            password_hash=hash_password(PASSWORD),
            created_at=now,
        )
        session.add(user)
        session.flush()
        session.add(Membership(team_id=team.id, user_id=user.id, role=role, created_at=now))
        actors.append(Actor(id=user.id, name=name, email=email, session=session))
    session.flush()
    return actors[0], actors[1]


def _record_progress(
    session: Session, content: Content, engineer: Actor, manager: Actor, now: dt.datetime
) -> None:
    """Complete half of the milestones, and add evidence in every state."""
    # Rows offer to undo changes of the last minutes, which would be unrealistic for so many.
    before = now - dt.timedelta(days=1)
    for milestone in content.milestones[::2]:
        progress.set_status(session, engineer.id, milestone.key, "done", now=before)
    for skill in content.skills:
        skills.assess_self(session, engineer.id, skill.key, 3, by=engineer, now=now)
    for number in range(PIECES):
        milestone = content.milestones[number % len(content.milestones)]
        other = content.milestones[(number * 7 + 3) % len(content.milestones)]
        piece = evidence.create(
            session,
            engineer.id,
            _evidence_input(number, milestone, now.date()),
            milestones=[milestone.key, other.key],
            skills=list(milestone.skills[:1]),
            by=engineer,
            now=now,
        )
        if number % 3:
            evidence.submit(session, piece, by=engineer, now=now)
        if number % 3 == 2:
            review_actions.decide(
                session, piece, "verified", version_id=piece.current.id, by=manager, now=now
            )


def _evidence_input(number: int, milestone: Milestone, today: dt.date) -> EvidenceInput:
    kind = milestone.evidence[0] if milestone.evidence else "design_doc"
    day = PartialDate(today - dt.timedelta(days=7 * number))
    impact = Impact("scale", "Requests a second", "400", str(900 + number), "1/s")
    return EvidenceInput(
        kind=kind,
        title=f"Piece {number}: {milestone.title}"[:200],
        occurred_on=day,
        url=f"https://example.org/pieces/{number}",
        description=TEXT,
        role="Designed it, and led the two people who built it.",
        issuer="Example Institute" if kind == "certification" else "",
        issued_on=day if kind == "certification" else None,
        impacts=(impact,) if number % 2 else (),
    )


def signed_in_cookie(app: Flask, person: uuid.UUID, now: dt.datetime) -> str:
    """Create a session for this user and return its cookie."""
    token, token_hash = new_token()
    row = LoginSession(
        user_id=person, token_hash=token_hash, created_at=now, last_seen_at=now, fresh_at=now
    )
    db.session.add(row)
    db.session.commit()
    assert isinstance(app.session_interface, SessionCookieInterface)
    signer = app.session_interface.get_signing_serializer(app)
    assert signer is not None, "the application has no secret key"
    return (
        f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps({'_user_id': token, '_fresh': True})}"
    )


def _cookie_of(answer: Answer) -> str:
    return answer.headers.get("set-cookie", "").partition(";")[0]


def sign_in_form(app: WsgiApp) -> Call:
    """Load the sign-in page and return the request that submits its form."""
    page = Call(app, "GET", "/login", {})()
    found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page.body)
    if page.status != 200 or found is None:
        raise RuntimeError(f"the sign-in page answered {page.status}, or carries no csrf_token")
    fields = {"csrf_token": found.group(1).decode(), "email": EMAIL, "password": PASSWORD}
    body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in fields.items())
    return Call(app, "POST", "/login", {"Cookie": _cookie_of(page)}, body.encode())
