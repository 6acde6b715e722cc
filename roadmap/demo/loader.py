"""Load the demo: every step of every story, in order of time, by the real actions."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.email_addresses import email_key
from roadmap.catalog.queries import published_roadmap
from roadmap.demo.cast import (
    CAST,
    PEOPLE,
    TEAMS,
    DemoPerson,
    create_accounts,
    create_teams,
    find_manager,
    generate_password,
    hash_passwords,
    morning_of,
)
from roadmap.demo.generated_people import generate_people, generate_story
from roadmap.demo.inbox import InboxSimulation
from roadmap.demo.replay import StoryReplay
from roadmap.demo.story import Step, load_story, steps
from roadmap.invitations.actions import invite
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User
from roadmap.people.queries import find_team
from roadmap.progress.models import Enrollment
from roadmap.readiness.actions import refresh_summaries

ROADMAP = "senior-ml-engineer"
STORIES = tuple(person.key for person in PEOPLE if person.team)
INVITED_TO = "vision"
# Generated people share one password, because a hash takes 100 ms.
GENERATED = "crowd"


class DemoLoadError(ValueError):
    """The demo cannot be loaded into this database; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the demo and its password."""

    key: str
    id: uuid.UUID
    name: str
    email: str
    password: str
    who: str


@dataclass(frozen=True, slots=True)
class LoadedDemo:
    """The result of loading. `cast.PEOPLE` describes the people."""

    accounts: tuple[Account, ...]
    pieces: int
    steps: int

    @property
    def ids(self) -> dict[str, uuid.UUID]:
        return {account.key: account.id for account in self.accounts}

    @property
    def passwords(self) -> dict[str, str]:
        return {account.key: account.password for account in self.accounts}

    @property
    def cast(self) -> tuple[Account, ...]:
        """Return the accounts with a written story, without generated people."""
        return tuple(account for account in self.accounts if account.key in CAST)


def load_demo_data(
    session: Session, *, now: dt.datetime, seed: int = 0, people: int = len(CAST)
) -> LoadedDemo:
    """Write the demo data as of today; needs an application context and does not commit.

    The same seed and date give the same content, except ids and password hashes. `people` more
    than the cast are generated, in a team of their own. Raises DemoLoadError.
    """
    if people < len(CAST):
        raise DemoLoadError(f"The demo has at least {len(CAST)} people.")
    today = now.date()
    everyone = (*PEOPLE, *generate_people(people - len(CAST), seed))
    _check_not_loaded(session, everyone)
    if published_roadmap(session, ROADMAP) is None:
        from roadmap.catalog.actions import publish_shipped  # brings pydantic

        publish_shipped(session, now=now)
    roadmap = published_roadmap(session, ROADMAP)
    assert roadmap is not None  # noqa: S101 (it ships, and was published right here)

    passwords = {
        person.key: generate_password(person.key if person.key in CAST else GENERATED, seed)
        for person in everyone
    }
    actors = create_accounts(session, everyone, hash_passwords(passwords), today=today)
    create_teams(session, everyone, actors, today=today)
    all_steps: list[Step] = []
    for person in everyone:
        if person.key in STORIES:
            all_steps += steps(load_story(person.key), person.key, today=today, seed=seed)
        elif person.key not in CAST:
            story = generate_story(person, roadmap.content, seed)
            all_steps += steps(story, person.key, today=today, seed=seed)
    all_steps.sort(key=lambda step: step.at)
    managers = {actors[each.key].id: actors[find_manager(each)] for each in everyone if each.team}
    replay = StoryReplay(session, actors, managers, roadmap.roadmap_id, today)
    inbox = InboxSimulation(session, today, longest_ago=max(person.joined for person in everyone))
    for step in all_steps:
        inbox.mark_read_until(step.at)
        replay.apply(step)
    inbox.settle(now)
    _create_open_invitation(session, actors, today)
    # Summaries as of today, not as of each person's last step.
    for user_id in session.scalars(sa.select(Enrollment.user_id).distinct()):
        refresh_summaries(session, user_id, now)
    return LoadedDemo(
        tuple(
            Account(
                person.key,
                actors[person.key].id,
                person.name,
                person.email,
                passwords[person.key],
                person.who,
            )
            for person in everyone
        ),
        pieces=len(replay.pieces),
        steps=len(all_steps),
    )


def _create_open_invitation(session: Session, actors: dict[str, Actor], today: dt.date) -> None:
    """Create an open invitation to a team, as its manager would before a new hire starts."""
    team = find_team(session, INVITED_TO)
    assert team is not None  # noqa: S101 (made above, with its members)
    manager = actors[TEAMS[INVITED_TO].manager].id
    invite(session, team=team, role="member", by=manager, now=morning_of(today, 4))


def _check_not_loaded(session: Session, everyone: tuple[DemoPerson, ...]) -> None:
    keys = [email_key(person.email) for person in everyone]
    known = sa.select(User.id).where(User.email_key.in_(keys)).limit(1)
    if session.scalar(known) is not None:
        raise DemoLoadError("The demo people are in this database already.")
    taken = session.scalar(sa.select(Team.slug).where(Team.slug.in_(TEAMS)).limit(1))
    if taken is not None:
        raise DemoLoadError(f"There is a team '{taken}' in this database already.")
