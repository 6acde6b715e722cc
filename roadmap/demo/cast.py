"""The people of the demo: accounts, passwords and teams."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.auth.actions import create_user
from roadmap.auth.passwords import hash_password
from roadmap.demo.story import load_story, working_day
from roadmap.people.actions import add_member, create_team
from roadmap.people.actor import Actor
from roadmap.people.models import Team

DOMAIN = "demo.example"
ADMINISTRATOR = "elena"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A demo person without an account. `joined` is a number of days before today.

    `who` describes what their data shows. `team` is the slug of their team, or "".
    """

    key: str
    name: str
    who: str
    joined: int
    team: str = ""
    headline: str = ""
    timezone: str = "Europe/Stockholm"

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class DemoTeam:
    """A demo team: the key of its manager, and the slug of its parent team."""

    slug: str
    name: str
    manager: str
    above: str = ""


# Norrvik Market, a fictional marketplace for used outdoor gear, and its machine learning staff.
_COMPANY = load_story("people")
TEAMS = {team_plan["slug"]: DemoTeam(**team_plan) for team_plan in _COMPANY["teams"]}
PEOPLE = tuple(DemoPerson(**person) for person in _COMPANY["people"])
CAST = tuple(person.key for person in PEOPLE)


def find_manager(person: DemoPerson) -> str:
    """Return the key of the manager of this person's team, or of its parent team."""
    team_plan = TEAMS[person.team]
    return team_plan.manager if team_plan.manager != person.key else TEAMS[team_plan.above].manager


def generate_password(key: str, seed: int) -> str:
    """Return a password of three words and a number, derived from the seed; only for demos."""
    rng = random.Random(f"{seed} {key}")  # noqa: S311 (reproducible by seed)
    return "-".join([*rng.sample(_COMPANY["password_words"], 3), str(rng.randint(10, 99))])


def create_accounts(
    session: Session, people: Iterable[DemoPerson], hashes: dict[str, str], *, today: dt.date
) -> dict[str, Actor]:
    """Create the accounts in the order in which people joined; return their actors."""
    actors: dict[str, Actor] = {}
    for person in sorted(people, key=lambda each: (-each.joined, each.key)):
        administrator = actors.get(ADMINISTRATOR)
        user = create_user(
            session, name=person.name, email=person.email, password_hash=hashes[person.key],
            is_admin=person.key == ADMINISTRATOR, by=administrator.id if administrator else None,
            now=start_of_workday(today, person.joined),
        )  # fmt: skip
        # Set directly, because these belong to the new account and need no history entry.
        user.headline, user.timezone = person.headline, person.timezone
        actors[person.key] = Actor(
            id=user.id, name=user.name, email=user.email, is_admin=user.is_admin,
            timezone=user.timezone, session=session,
        )  # fmt: skip
    return actors


def create_teams(
    session: Session, people: Iterable[DemoPerson], actors: dict[str, Actor], *, today: dt.date
) -> None:
    """Create the teams of these people with their parent teams, when each manager joins."""
    by = actors[ADMINISTRATOR].id
    joined = {person.key: person.joined for person in people}
    members = {slug: [each for each in people if each.team == slug] for slug in TEAMS}
    made: dict[str, Team] = {}
    for team_plan in TEAMS.values():
        if not members[team_plan.slug]:
            continue
        begun = start_of_workday(today, joined[team_plan.manager])
        above = made[team_plan.above].id if team_plan.above else None
        team = create_team(
            session, slug=team_plan.slug, name=team_plan.name, parent_id=above, by=by, now=begun
        )
        made[team_plan.slug] = team
        add_member(session, team, actors[team_plan.manager].id, "manager", by=by, now=begun)
        for person in sorted(members[team_plan.slug], key=lambda each: (-each.joined, each.key)):
            at = start_of_workday(today, person.joined)
            add_member(session, team, actors[person.key].id, "member", by=by, now=at)


def hash_passwords(passwords: dict[str, str]) -> dict[str, str]:
    """Hash each distinct password once, because a hash takes 100 ms."""
    hashes = {password: hash_password(password) for password in set(passwords.values())}
    return {key: hashes[password] for key, password in passwords.items()}


def start_of_workday(today: dt.date, ago: int) -> dt.datetime:
    """Return 7:00 UTC on that working day, which is before any step of the stories."""
    return dt.datetime.combine(working_day(today, ago), dt.time(7), dt.UTC)
