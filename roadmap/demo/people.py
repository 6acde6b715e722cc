"""Who is in the demo: their accounts, passwords and teams."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.accounts.actions import create_user
from roadmap.accounts.passwords import hash_password
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User

DOMAIN = "demo.example"
CAST = ("maya", "tomas", "jonas", "priya", "elena")
ADMINISTRATOR, MANAGER = "elena", "tomas"

# Words that are typed easily and belong to no name of the cast.
WORDS = (
    "amber", "anvil", "basalt", "beacon", "birch", "boulder", "brook", "canyon", "cedar", "cinder",
    "cliff", "cobble", "copper", "coral", "crater", "delta", "drift", "ember", "fern", "flint",
    "gale", "glacier", "gorge", "granite", "gravel", "harbor", "hazel", "heather", "island",
    "juniper", "lagoon", "lichen", "marble", "meadow", "mesa", "moraine", "moss", "orchard",
    "pebble", "pine", "quartz", "ravine", "ridge", "saddle", "scree", "shale", "silver", "slate",
    "spruce", "summit", "thicket", "timber", "tundra", "valley", "willow", "zephyr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo before they have an account. `joined` counts days before today.

    `team` is a slug, empty for those without one.
    """

    key: str
    name: str
    who: str
    joined: int
    team: str = ""
    role: str = "member"
    headline: str = ""
    timezone: str = "Europe/Stockholm"

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


ELENA = Person("elena", "Elena Marchetti", "administrator", 420, timezone="Europe/Rome")
TOMAS = Person(
    "tomas",
    "Tomas Okafor",
    "manager of the team Ranking; reviews and assesses",
    400,
    team="ranking",
    role="manager",
    headline="Engineering manager, Ranking",
)
MAYA = Person(
    "maya",
    "Maya Lindqvist",
    "engineer with a year on the roadmap",
    368,
    team="ranking",
    headline="Machine learning engineer, Ranking",
)
JONAS = Person(
    "jonas",
    "Jonas Brandt",
    "engineer who began a week ago",
    8,
    team="ranking",
    headline="Data engineer on the way to ML",
    timezone="Europe/Berlin",
)
PRIYA = Person("priya", "Priya Raman", "an account and nothing else yet", 3, timezone="UTC")
PEOPLE = (ELENA, TOMAS, MAYA, JONAS, PRIYA)

TEAMS = {"ranking": "Ranking", "forecasting": "Forecasting"}


def password_of(key: str, seed: int) -> str:
    """Three words and a number that follow from the seed, so it is good for a demo only."""
    chance = random.Random(f"{seed} {key}")  # noqa: S311 (the same seed gives the same)
    return "-".join([*chance.sample(WORDS, 3), str(chance.randint(10, 99))])


def create_accounts(
    session: Session, people: Iterable[Person], hashes: dict[str, str], *, today: dt.date
) -> dict[str, Actor]:
    """Makes the accounts in the order in which they joined; each can act afterwards."""
    actors: dict[str, Actor] = {}
    for person in sorted(people, key=lambda each: (-each.joined, each.key)):
        administrator = actors.get(ADMINISTRATOR)
        user = create_user(
            session,
            name=person.name,
            email=person.email,
            password_hash=hashes[person.key],
            is_admin=person.key == ADMINISTRATOR,
            by=administrator.id if administrator else None,
            now=morning(today, person.joined),
        )
        # Set with the account: nobody has changed anything yet, so there is no history of it.
        user.headline, user.timezone = person.headline, person.timezone
        actors[person.key] = _actor(session, user)
    return actors


def create_teams(
    session: Session, people: Iterable[Person], actors: dict[str, Actor], *, today: dt.date
) -> None:
    """Makes the teams that these people are in. The manager leads every one of them."""
    people = tuple(people)
    for slug in dict.fromkeys(person.team for person in people if person.team):
        members = [person for person in people if person.team == slug]
        begun = morning(today, max(person.joined for person in members))
        team = Team(slug=slug, name=TEAMS[slug], created_at=begun)
        session.add(team)
        session.flush()
        for person in members:
            _join(session, team, actors[person.key].id, person.role, morning(today, person.joined))
        if all(person.role != "manager" for person in members):
            _join(session, team, actors[MANAGER].id, "manager", begun)
    session.flush()


def hashed(passwords: dict[str, str]) -> dict[str, str]:
    """The hash of each password. Those who share one share its hash: each takes its time."""
    hashes = {password: hash_password(password) for password in set(passwords.values())}
    return {key: hashes[password] for key, password in passwords.items()}


def morning(today: dt.date, ago: int) -> dt.datetime:
    """Seven o'clock UTC so many days before today, before anything of the stories happens."""
    return dt.datetime.combine(today - dt.timedelta(days=ago), dt.time(7), dt.UTC)


def _actor(session: Session, user: User) -> Actor:
    return Actor(
        id=user.id,
        name=user.name,
        email=user.email,
        is_admin=user.is_admin,
        timezone=user.timezone,
        session=session,
    )


def _join(session: Session, team: Team, user_id: uuid.UUID, role: str, joined: dt.datetime) -> None:
    session.add(Membership(team_id=team.id, user_id=user_id, role=role, created_at=joined))
