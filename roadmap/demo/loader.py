"""Load the demo: replay the steps of all stories in chronological order."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.email_addresses import email_key
from roadmap.catalog.queries import published_roadmap, published_roadmaps
from roadmap.demo.cast import (
    CAST,
    DOMAIN,
    PEOPLE,
    TEAMS,
    DemoPerson,
    create_accounts,
    create_teams,
    find_manager,
    generate_password,
    hash_passwords,
    start_of_workday,
)
from roadmap.demo.generated_people import generate_people, generate_story
from roadmap.demo.replay import StoryReplay
from roadmap.demo.story import ROADMAP, Step, load_story, steps
from roadmap.invitations.actions import invite
from roadmap.mail.models import OutgoingMail
from roadmap.momentum.actions import take_snapshots
from roadmap.notifications.actions import prune
from roadmap.notifications.models import Notification
from roadmap.people.models import Team, User
from roadmap.people.queries import find_team
from roadmap.progress.models import Enrollment
from roadmap.readiness.actions import refresh_summaries

STORIES = tuple(person.key for person in PEOPLE if person.team)
INVITING_TEAM = "vision"
# Generated people share one password, because hashing takes 100 ms.
GENERATED_GROUP = "crowd"
# Everyone reads their notifications once a week, most recently six days ago.
WEEK, LAST_VISIT = 7, 6

_NOTIFICATIONS: Any = Notification.__table__
_MAILS: Any = OutgoingMail.__table__


class DemoLoadError(click.ClickException):
    """The demo cannot be loaded into this database; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the demo and its password."""

    id: uuid.UUID
    person: DemoPerson
    password: str


@dataclass(frozen=True, slots=True)
class LoadedDemo:
    """The result of loading."""

    accounts: tuple[Account, ...]
    pieces: int

    @property
    def ids(self) -> dict[str, uuid.UUID]:
        return {account.person.key: account.id for account in self.accounts}


def load_demo_data(
    session: Session, *, now: dt.datetime, seed: int = 0, people: int = len(CAST)
) -> LoadedDemo:
    """Write the demo data as of today; needs an application context and does not commit.

    The same seed and date give the same content, except for ids and password hashes. If `people`
    exceeds the cast, the others are generated in a team of their own. Raises DemoLoadError.
    """
    if people < len(CAST):
        raise DemoLoadError(f"The demo has at least {len(CAST)} people.")
    today = now.date()
    all_people = (*PEOPLE, *generate_people(people - len(CAST), seed))
    _check_not_loaded(session, all_people)
    stories = {key: load_story(key) for key in STORIES}
    also_on = [entry["roadmap"] for story in stories.values() for entry in story.get("also_on", ())]
    if any(published_roadmap(session, slug) is None for slug in (ROADMAP, *also_on)):
        from roadmap.catalog.actions import publish_shipped  # imports pydantic

        publish_shipped(session, now=now)
    roadmaps = {each.content.slug: each for each in published_roadmaps(session)}

    passwords = {
        person.key: generate_password(person.key if person.key in CAST else GENERATED_GROUP, seed)
        for person in all_people
    }
    actors = create_accounts(session, all_people, hash_passwords(passwords), today=today)
    create_teams(session, all_people, actors, today=today)
    for person in all_people[len(PEOPLE) :]:
        stories[person.key] = generate_story(person, roadmaps[ROADMAP].content, seed)
    all_steps: list[Step] = []
    for key, story in stories.items():
        all_steps += steps(story, key, today=today, seed=seed)
    managers = {actors[each.key].id: actors[find_manager(each)] for each in all_people if each.team}
    replay = StoryReplay(
        session, actors, managers, {slug: r.roadmap_id for slug, r in roadmaps.items()}, today
    )
    longest_ago = max(person.joined for person in all_people)
    visits = [start_of_workday(today, ago) for ago in range(LAST_VISIT, longest_ago + WEEK, WEEK)]
    for step in sorted(all_steps, key=lambda step: step.at):
        _read_notifications(session, visits, until=step.at)
        replay.apply(step)
    _read_notifications(session, visits, until=now)
    # The nightly job would already have deleted these.
    prune(session, now=now)
    # The people are fictional, so make sure that a configured mail server sends them nothing.
    session.execute(sa.delete(_MAILS).where(_MAILS.c.recipient.like(f"%@{DOMAIN}", escape="\\")))
    # Leave one invitation open, as if a new hire were about to start.
    team = find_team(session, INVITING_TEAM)
    assert team is not None  # noqa: S101 (created above)
    manager = actors[TEAMS[INVITING_TEAM].manager].id
    invite(session, team=team, role="member", by=manager, now=start_of_workday(today, 4))
    # Compute summaries as of today, not as of each person's last step.
    for user_id in session.scalars(sa.select(Enrollment.user_id).distinct()):
        refresh_summaries(session, user_id, now)
        while take_snapshots(session, user_id):
            pass
    accounts = (Account(actors[each.key].id, each, passwords[each.key]) for each in all_people)
    return LoadedDemo(tuple(accounts), pieces=len(replay.pieces))


def _read_notifications(session: Session, visits: list[dt.datetime], *, until: dt.datetime) -> None:
    """Mark notifications as read at each weekly visit up to `until`, and remove these visits.

    Call it before applying the steps of that time. Takes one statement per week.
    """
    while visits and visits[-1] <= until:
        unread = sa.update(_NOTIFICATIONS).where(_NOTIFICATIONS.c.read_at.is_(None))
        session.execute(unread.values(read_at=visits.pop()))


def _check_not_loaded(session: Session, all_people: tuple[DemoPerson, ...]) -> None:
    keys = [email_key(person.email) for person in all_people]
    known = sa.select(User.id).where(User.email_key.in_(keys)).limit(1)
    if session.scalar(known) is not None:
        raise DemoLoadError("The demo people are in this database already.")
    taken = session.scalar(sa.select(Team.slug).where(Team.slug.in_(TEAMS)).limit(1))
    if taken is not None:
        raise DemoLoadError(
            f"There is a team '{taken}' in this database already, and the demo brings its own. "
            "Load it into a database of its own, as `make demo` does."
        )
