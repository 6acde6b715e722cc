"""Loading the demo: every step of every story, in order of time, by the real actions."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.accounts.invitations import invite
from roadmap.accounts.queries import email_key
from roadmap.catalog.actions import sync_shipped
from roadmap.catalog.queries import published
from roadmap.demo.crowd import crowd, crowd_story
from roadmap.demo.inbox import Inbox
from roadmap.demo.people import (
    CAST,
    PEOPLE,
    TEAMS,
    Person,
    create_accounts,
    create_teams,
    hashed,
    manager_of,
    morning,
    password_of,
)
from roadmap.demo.story import Step, read, steps
from roadmap.demo.telling import Teller
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User
from roadmap.people.queries import by_slug
from roadmap.progress.models import Enrollment
from roadmap.readiness.actions import refresh

ROADMAP = "senior-ml-engineer"
STORIES = tuple(person.key for person in PEOPLE if person.team)
INVITED_TO = "vision"
# The generated people share one password: a hash takes a tenth of a second.
CROWD = "crowd"


class CannotLoad(ValueError):
    """The demo cannot go into this database; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the demo, with what is needed to sign in."""

    key: str
    id: uuid.UUID
    name: str
    email: str
    password: str
    who: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded. Who is in the cast says `people.PEOPLE`."""

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
        """Those with a story of their own, without the generated people."""
        return tuple(account for account in self.accounts if account.key in CAST)


def load(session: Session, *, now: dt.datetime, seed: int = 0, people: int = len(CAST)) -> Loaded:
    """Writes the demo as it would stand today; needs an application context, commits nothing.

    The same seed and the same date give the same content, only ids and password hashes differ.
    `people` beyond the cast are generated, in a team of their own. Raises CannotLoad.
    """
    if people < len(CAST):
        raise CannotLoad(f"The demo has at least {len(CAST)} people.")
    today = now.date()
    everyone = (*PEOPLE, *crowd(people - len(CAST), seed))
    _refuse_twice(session, everyone)
    if published(session, ROADMAP) is None:
        sync_shipped(session, now=now)
    roadmap = published(session, ROADMAP)
    assert roadmap is not None  # noqa: S101 (it ships, and was published right here)

    passwords = {
        person.key: password_of(person.key if person.key in CAST else CROWD, seed)
        for person in everyone
    }
    actors = create_accounts(session, everyone, hashed(passwords), today=today)
    create_teams(session, everyone, actors, today=today)
    told: list[Step] = []
    for person in everyone:
        if person.key in STORIES:
            told += steps(read(person.key), person.key, today=today, seed=seed)
        elif person.key not in CAST:
            story = crowd_story(person, roadmap.content, seed)
            told += steps(story, person.key, today=today, seed=seed)
    told.sort(key=lambda step: step.at)
    judges = {actors[each.key].id: actors[manager_of(each)] for each in everyone if each.team}
    teller = Teller(session, actors, judges, roadmap.roadmap_id, today)
    inbox = Inbox(session, today, longest_ago=max(person.joined for person in everyone))
    for step in told:
        inbox.look_until(step.at)
        teller.tell(step)
    inbox.settle(now)
    _leave_an_invitation_open(session, actors, today)
    # The figures are those of today, not of the day on which somebody last did something.
    for user_id in session.scalars(sa.select(Enrollment.user_id).distinct()):
        refresh(session, user_id, now=now)
    return Loaded(
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
        pieces=len(teller.pieces),
        steps=len(told),
    )


def _leave_an_invitation_open(session: Session, actors: dict[str, Actor], today: dt.date) -> None:
    """A link to Vision for whoever gets it, as its manager would make one before a hire begins."""
    team = by_slug(session, INVITED_TO)
    assert team is not None  # noqa: S101 (made above, with its members)
    manager = actors[TEAMS[INVITED_TO].manager].id
    invite(session, team=team, role="member", by=manager, now=morning(today, 4))


def _refuse_twice(session: Session, everyone: tuple[Person, ...]) -> None:
    keys = [email_key(person.email) for person in everyone]
    known = sa.select(User.id).where(User.email_key.in_(keys)).limit(1)
    if session.scalar(known) is not None:
        raise CannotLoad("The demo people are in this database already.")
    taken = session.scalar(sa.select(Team.slug).where(Team.slug.in_(TEAMS)).limit(1))
    if taken is not None:
        raise CannotLoad(f"There is a team '{taken}' in this database already.")
