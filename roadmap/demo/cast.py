"""The people of the demo: accounts, passwords and teams."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from roadmap.auth.actions import create_user
from roadmap.auth.passwords import hash_password
from roadmap.demo.story import working_day
from roadmap.people.actions import add_member, create_team
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User

DOMAIN = "demo.example"
ADMINISTRATOR = "elena"

# Words that are easy to type and not in any name of the cast.
PASSWORD_WORDS = (
    "amber", "anvil", "basalt", "beacon", "birch", "boulder", "brook", "canyon", "cedar", "cinder",
    "cliff", "cobble", "copper", "coral", "crater", "delta", "drift", "ember", "fern", "flint",
    "gale", "glacier", "gorge", "granite", "gravel", "harbor", "hazel", "heather", "island",
    "juniper", "lagoon", "lichen", "marble", "meadow", "mesa", "moraine", "moss", "orchard",
    "pebble", "pine", "quartz", "ravine", "ridge", "saddle", "scree", "shale", "silver", "slate",
    "spruce", "summit", "thicket", "timber", "tundra", "valley", "willow", "zephyr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person of the demo before they have an account. `joined` counts days before today.

    `who` describes what there is to see. `team` is the slug of their team, or "".
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
    """A team of the demo: the key of its manager and the slug of the team above it."""

    slug: str
    name: str
    manager: str
    above: str = ""


# Norrvik Market, a marketplace for used outdoor gear, and its machine-learning people.
TEAMS = {
    team_plan.slug: team_plan
    for team_plan in (
        DemoTeam("machine-learning", "Machine learning", "tomas"),
        DemoTeam("ranking", "Ranking", "tomas", above="machine-learning"),
        DemoTeam("vision", "Vision", "karin", above="machine-learning"),
        DemoTeam("ml-platform", "ML platform", "karin", above="machine-learning"),
        DemoTeam("forecasting", "Forecasting", "tomas", above="machine-learning"),
    )
}
PEOPLE = (
    DemoPerson("elena", "Elena Marchetti", "administrator", 420, timezone="Europe/Rome"),
    DemoPerson(
        "tomas",
        "Tomas Okafor",
        "leads Ranking and, above it, all teams",
        400,
        headline="Engineering manager, Ranking",
    ),
    DemoPerson(
        "karin",
        "Karin Solberg",
        "leads Vision and ML platform; on the roadmap too",
        398,
        team="machine-learning",
        headline="Engineering manager and tech lead, Vision and ML platform",
        timezone="Europe/Oslo",
    ),
    DemoPerson(
        "maya",
        "Maya Lindqvist",
        "Ranking; a year on the roadmap",
        368,
        team="ranking",
        headline="Machine learning engineer, Ranking",
    ),
    DemoPerson(
        "yusuf",
        "Yusuf Karahan",
        "Ranking; good work, nearly all kept private",
        372,
        team="ranking",
        headline="Machine learning engineer, serving",
    ),
    DemoPerson(
        "ines",
        "Ines Valadares",
        "Ranking; her manager rates her above herself",
        340,
        team="ranking",
        headline="Machine learning engineer, candidate filter",
        timezone="Europe/Lisbon",
    ),
    DemoPerson(
        "viktor",
        "Viktor Hallgren",
        "Ranking; ticked everything, proved little",
        128,
        team="ranking",
        headline="Senior data scientist, personalisation",
    ),
    DemoPerson(
        "jonas",
        "Jonas Brandt",
        "Ranking; began a week ago",
        8,
        team="ranking",
        headline="Data engineer on the way to ML",
        timezone="Europe/Berlin",
    ),
    DemoPerson(
        "hanna",
        "Hanna Aaltonen",
        "Vision; nearly ready",
        392,
        team="vision",
        headline="Machine learning engineer, condition grading",
        timezone="Europe/Helsinki",
    ),
    DemoPerson(
        "weilin",
        "Wei-Lin Chou",
        "Vision; research, papers and a patent",
        300,
        team="vision",
        headline="Applied scientist, image retrieval",
    ),
    DemoPerson(
        "siobhan",
        "Siobhan Tierney",
        "Vision; back from seven months of leave",
        385,
        team="vision",
        headline="Machine learning engineer, photo intake",
        timezone="Europe/Dublin",
    ),
    DemoPerson(
        "tadeusz",
        "Tadeusz Wrona",
        "ML platform; a certificate about to lapse",
        388,
        team="ml-platform",
        headline="Platform engineer, training cluster",
        timezone="Europe/Warsaw",
    ),
    DemoPerson(
        "amara",
        "Amara Diallo",
        "ML platform; leads more than she builds",
        390,
        team="ml-platform",
        headline="Staff software engineer, ML platform",
        timezone="Europe/Paris",
    ),
    DemoPerson(
        "mirela",
        "Mirela Dobre",
        "ML platform; no movement for two months",
        250,
        team="ml-platform",
        headline="Machine learning engineer, feature store",
        timezone="Europe/Bucharest",
    ),
    DemoPerson("priya", "Priya Raman", "no team and nothing recorded yet", 3, timezone="UTC"),
)
CAST = tuple(person.key for person in PEOPLE)


def find_manager(person: DemoPerson) -> str:
    """Return the key of the manager of this person's team, or of the team above it."""
    team_plan = TEAMS[person.team]
    return team_plan.manager if team_plan.manager != person.key else TEAMS[team_plan.above].manager


def generate_password(key: str, seed: int) -> str:
    """Return three words and a number that follow from the seed, good for a demo only."""
    chance = random.Random(f"{seed} {key}")  # noqa: S311 (the same seed gives the same)
    return "-".join([*chance.sample(PASSWORD_WORDS, 3), str(chance.randint(10, 99))])


def create_accounts(
    session: Session, people: Iterable[DemoPerson], hashes: dict[str, str], *, today: dt.date
) -> dict[str, Actor]:
    """Create the accounts in the order in which people joined; return their actors."""
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
            now=morning_of(today, person.joined),
        )
        # Part of the new account, so the history has no entry for it.
        user.headline, user.timezone = person.headline, person.timezone
        actors[person.key] = _actor(session, user)
    return actors


def create_teams(
    session: Session, people: Iterable[DemoPerson], actors: dict[str, Actor], *, today: dt.date
) -> None:
    """Create the teams of these people, with their managers and the teams above them.

    The administrator creates each when its first member joins.
    """
    by = actors[ADMINISTRATOR].id
    joined = {person.key: person.joined for person in people}
    members = {slug: [each for each in people if each.team == slug] for slug in TEAMS}
    made: dict[str, Team] = {}
    for team_plan in TEAMS.values():
        if not members[team_plan.slug]:
            continue
        begun = morning_of(today, joined[team_plan.manager])
        above = made[team_plan.above].id if team_plan.above else None
        team = create_team(
            session, slug=team_plan.slug, name=team_plan.name, parent_id=above, by=by, now=begun
        )
        made[team_plan.slug] = team
        add_member(session, team, actors[team_plan.manager].id, "manager", by=by, now=begun)
        for person in sorted(members[team_plan.slug], key=lambda each: (-each.joined, each.key)):
            at = morning_of(today, person.joined)
            add_member(session, team, actors[person.key].id, "member", by=by, now=at)


def hash_passwords(passwords: dict[str, str]) -> dict[str, str]:
    """Hash each distinct password once: a hash takes 100 ms."""
    hashes = {password: hash_password(password) for password in set(passwords.values())}
    return {key: hashes[password] for key, password in passwords.items()}


def morning_of(today: dt.date, ago: int) -> dt.datetime:
    """Return 7:00 UTC of that working day, before any step of the stories."""
    return dt.datetime.combine(working_day(today, ago), dt.time(7), dt.UTC)


def _actor(session: Session, user: User) -> Actor:
    return Actor(
        id=user.id,
        name=user.name,
        email=user.email,
        is_admin=user.is_admin,
        timezone=user.timezone,
        session=session,
    )
