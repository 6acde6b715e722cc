"""The accounts used for screenshots, and the values of their URL placeholders.

All belong to the demo, except two without data: a new user, and the manager of an empty team.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth import actions as accounts
from roadmap.auth import api_tokens
from roadmap.career.models import Degree, Position
from roadmap.core.database import db
from roadmap.demo.loader import load_demo_data
from roadmap.demo.story import ROADMAP
from roadmap.evidence.models import Evidence
from roadmap.invitations.actions import invite
from roadmap.people.actions import add_member, create_team
from roadmap.people.actor import Actor
from roadmap.people.models import User
from roadmap.people.queries import find_team
from roadmap.portfolio import links
from roadmap.portfolio.actions import lock_portfolio
from roadmap.progress.models import MilestoneStatus
from tests.support.route_manifest import VIEWABLE_PAGES

ENGINEER, MANAGER, PLAYING_MANAGER, ADMINISTRATOR = "maya", "tomas", "karin", "elena"
# The root team, whose matrix shows everyone, and the engineer's team.
ALL_TEAM, OWN_TEAM = "machine-learning", "ranking"


@dataclass(frozen=True)
class ScreenshotAccount:
    """An account for screenshots, its role in the manifest, and its URL placeholders.

    `only` limits the pages by title; if empty, all pages visible to the role are taken.
    """

    name: str
    person: uuid.UUID | None
    role: str
    ids: Mapping[str, str]
    only: frozenset[str] = frozenset()

    def pages(self) -> Iterator[tuple[str, str]]:
        """Yield the name and URL of each page to take."""
        for row in VIEWABLE_PAGES:
            if not row.is_viewable(self.role) or (self.only and row.title not in self.only):
                continue
            for number, url in enumerate((row.url, *row.variants)):
                try:
                    address = url.format_map(self.ids)
                except KeyError:
                    continue  # the account has no such data
                yield row.title + (f"-{number + 1}" if number else ""), address


def create_accounts(app: Flask) -> list[ScreenshotAccount]:
    """Load the demo data and return the accounts."""
    now = dt.datetime.now(dt.UTC)
    with app.app_context():
        people = load_demo_data(db.session, now=now).ids
        engineer, manager, administrator = (
            people[key] for key in (ENGINEER, MANAGER, ADMINISTRATOR)
        )
        newcomer = _account(db.session, "Noor Haddad", now)
        empty_team_manager = _account(db.session, "Omar Benali", now)
        team = create_team(db.session, slug="speech", name="Speech", by=administrator, now=now)
        add_member(db.session, team, empty_team_manager, "manager", by=administrator, now=now)
        public_ids = {
            **_common_ids(),
            **_create_public_data(db.session, people, newcomer, now),
        }
        engineer_ids = _person_ids(db.session, engineer)
        managed_ids = {
            **engineer_ids,
            "alice": str(engineer),
            "bob": str(manager),
            "carol": str(people["yusuf"]),
            "erin": str(administrator),
        }
        db.session.commit()
        return [
            ScreenshotAccount(
                "demo", engineer, "alice", {**managed_ids, **public_ids, "team": OWN_TEAM}
            ),
            ScreenshotAccount(
                "manager",
                manager,
                "bob",
                {
                    **managed_ids,
                    **_review_ids(db.session, people),
                    "team": ALL_TEAM,
                    "carol": str(people[PLAYING_MANAGER]),
                },
            ),
            ScreenshotAccount(
                "manager-and-engineer",
                people[PLAYING_MANAGER],
                "bob",
                {**_common_ids(), "team": "vision"},
                frozenset({"home", "teams"}),
            ),
            ScreenshotAccount(
                "manager-of-nobody", empty_team_manager, "bob", {**_common_ids(), "team": team.slug}
            ),
            ScreenshotAccount(
                "administrator", administrator, "erin", {**managed_ids, "team": OWN_TEAM}
            ),
            ScreenshotAccount("empty", newcomer, "mallory", {**public_ids, "team": OWN_TEAM}),
            ScreenshotAccount("nobody", None, "nobody", public_ids),
        ]


def _common_ids() -> dict[str, str]:
    return {"slug": ROADMAP, "stage": "leadership", "skill": "mlops"}


def _account(session: Session, name: str, now: dt.datetime) -> uuid.UUID:
    email = f"{name.split()[0].lower()}@example.org"
    user = accounts.create_user(session, name=name, email=email, by=None, address="", now=now)
    return user.id


def _create_public_data(
    session: Session, people: Mapping[str, uuid.UUID], newcomer: uuid.UUID, now: dt.datetime
) -> dict[str, str]:
    """Create data for public pages: a portfolio link, invitations, a password link.

    Also creates an API token for the engineer, so that the list of tokens is not empty.
    """
    engineer, manager = people[ENGINEER], people[MANAGER]
    team = find_team(session, OWN_TEAM)
    if team is None:
        raise LookupError(f"the demo has no team {OWN_TEAM}")
    public = links.create_link(
        session,
        lock_portfolio(session, engineer, by=_actor(session, engineer), now=now),
        label="Panel in March",
        expires_at=now + dt.timedelta(days=60),
        now=now - dt.timedelta(days=3),
    )
    api_tokens.create(
        session, engineer, name="Calendar", scope="read", days=90, by=engineer, now=now
    )
    open_token, ada_token, noor_token = (
        invite(session, team=team, role=role, email=email, by=manager, now=now)[1]
        for email, role in (
            ("", "member"),
            ("ada@example.org", "manager"),
            ("noor@example.org", "member"),
        )
    )
    return {
        "public": links.sign_token(public),
        "invitation": open_token,
        "invitation_of_ada": ada_token,
        "invitation_of_mallory": noor_token,
        "link": accounts.create_password_link(session, newcomer, by=None, address="", now=now),
    }


def _actor(session: Session, person: uuid.UUID) -> Actor:
    user = session.get_one(User, person)
    return Actor(
        id=user.id, name=user.name, email=user.email, is_admin=user.is_admin, session=session
    )


def _person_ids(session: Session, person: uuid.UUID) -> dict[str, str]:
    """Return the URL placeholders for the data this person has."""
    ids = _common_ids()
    pieces = session.execute(
        sa.select(Evidence.state, Evidence.id)
        .where(Evidence.user_id == person)
        .order_by(Evidence.created_at)
    )
    ids |= {state: str(key) for state, key in pieces}
    for name, model in (("position", Position), ("degree", Degree)):
        key = session.scalar(sa.select(model.id).where(model.user_id == person).limit(1))
        if key is not None:
            ids[name] = str(key)
    done, doing = (
        session.scalar(
            sa.select(MilestoneStatus.milestone_key)
            .where(MilestoneStatus.user_id == person, MilestoneStatus.status == status)
            .order_by(MilestoneStatus.changed_at.desc())
            .limit(1)
        )
        for status in ("done", "in_progress")
    )
    if done:
        ids["milestone"] = done
    if doing:
        ids["open"] = doing
    return ids


def _review_ids(session: Session, people: Mapping[str, uuid.UUID]) -> dict[str, str]:
    """Return evidence ids of demo users for a manager's review pages, by state."""
    shared = (
        sa.select(Evidence.id)
        .where(
            Evidence.visibility != "private",
            Evidence.user_id.in_(people.values()),
            Evidence.user_id != people[MANAGER],
        )
        .order_by(Evidence.submitted_at)
        .limit(1)
    )
    first = Evidence.verified_version_id.is_(None)
    found = {
        "submitted": shared.where(Evidence.state.in_(("submitted", "in_review")), first),
        "resubmitted": shared.where(Evidence.state.in_(("submitted", "in_review")), ~first),
        "verified": shared.where(Evidence.state == "verified"),
        "returned": shared.where(Evidence.state == "returned"),
    }
    keys = {name: session.scalar(query) for name, query in found.items()}
    return {name: str(key) for name, key in keys.items() if key is not None}
