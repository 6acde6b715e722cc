"""Insert the rows of a large company directly.

Stored summaries are computed by Cairn's readiness rule for a few engineer profiles and repeated.
Calling the actions for a hundred thousand people would take a day and create the same rows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from roadmap.catalog.queries import PublishedRoadmap
from roadmap.core.types import Base, new_id
from roadmap.evidence.item import Item, draft_item
from roadmap.readiness.facts import Facts
from roadmap.readiness.summary import summarize
from roadmap.readiness.tally import Tally

CHUNK = 2_000
TEAM_SIZE = 20
STATUSES = 8
# Pieces of evidence shared by each member of a measured team.
SHARED = 20
ENTRIES = 6
FIRST = ("Ana", "Ben", "Chiara", "Deniz", "Emeka", "Fatou", "Goran", "Hana", "Ivo", "Jun")
LAST = ("Abebe", "Bauer", "Costa", "Duarte", "Eriksen", "Fischer", "Grant", "Haddad", "Ito", "Jain")


@dataclass(frozen=True)
class Profile:
    """An engineer's progress: the completed milestone keys, and the stored summary."""

    done: tuple[str, ...]
    kept: dict[str, Any]


def _item(key: str, occurred_on: dt.date, *, verified: bool) -> Item:
    """Return a design document for one milestone: verified, or submitted for review."""
    draft = draft_item(uuid.uuid4(), "design_doc", occurred_on).with_link(key)
    return draft.as_verified([key]) if verified else replace(draft, state="submitted")


def profiles(published: PublishedRoadmap, today: dt.date, number: int = 12) -> list[Profile]:
    """Return `number` engineers with different progress, each with a computed summary."""
    content = published.content
    keys = [milestone.key for milestone in published.content.milestones]
    found = []
    for place in range(number):
        done = tuple(keys[: STATUSES * (place % 5 + 1) : place % 5 + 1])
        pieces = tuple(
            _item(key, today - dt.timedelta(days=30 * (at + 1)), verified=bool(at % 2))
            for at, key in enumerate(done[: place % 4])
        )
        facts = Facts(
            statuses=dict.fromkeys(done, "done"),
            pieces=pieces,
            self_levels={skill.key: (place + at) % 5 for at, skill in enumerate(content.skills)},
            other_levels={
                skill.key: (place * at) % 5 for at, skill in enumerate(content.skills[::2])
            },
            positions=(),
            degrees=(),
        )
        found.append(Profile(done, summarize(Tally(content, facts, today))))
    return found


class Population:
    """Write people and teams into a migrated database with published content."""

    def __init__(self, engine: sa.Engine, published: PublishedRoadmap, now: dt.datetime) -> None:
        self.engine, self.published, self.now = engine, published, now
        self.profiles = profiles(published, now.date())

    def team(self, slug: str, size: int) -> uuid.UUID:
        """Add a team whose members share evidence; return the manager's id."""
        [manager] = self.add(size, team_size=size, prefix=slug, shared=SHARED)
        return manager

    def add(
        self, people: int, *, team_size: int = TEAM_SIZE, prefix: str = "team", shared: int = 0
    ) -> list[uuid.UUID]:
        """Add people in teams with one manager each; return the managers' ids.

        Each person has a draft, and `shared` pieces of evidence submitted for review.
        """
        managers: list[uuid.UUID] = []
        for first in range(0, people, CHUNK):
            several = range(first, min(first + CHUNK, people))
            with self.engine.connect().execution_options(writes=True) as connection:
                managers += self._write(connection, several, team_size, prefix, shared)
                connection.commit()
        return managers

    def _write(
        self, connection: sa.Connection, numbers: range, team_size: int, prefix: str, shared: int
    ) -> list[uuid.UUID]:
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _ORDER}
        managers = []
        team = None
        for number in numbers:
            if team is None or number % team_size == 0:
                team, manager = new_id(), new_id()
                name = prefix if team_size > TEAM_SIZE else f"{prefix}-{number // team_size:06}"
                rows["team"].append(
                    {"id": team, "slug": name, "name": name.title(), "created_at": self.now}
                )
                rows["user"].append(self._user(manager, f"lead-{name}", "Lea Manager"))
                rows["membership"].append(self._membership(team, manager, "manager"))
                managers.append(manager)
            for table, found in self._person(number, prefix, team, shared):
                rows[table].append(found)
        for table in _ORDER:
            if rows[table]:
                connection.execute(sa.insert(Base.metadata.tables[table]), rows[table])
        return managers

    def _person(
        self, number: int, prefix: str, team: uuid.UUID, shared: int
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        person, now = new_id(), self.now
        profile = self.profiles[number % len(self.profiles)]
        name = f"{FIRST[number % 10]} {LAST[number // 10 % 10]} {number}"
        yield "user", self._user(person, f"{prefix}-{number}", name)
        yield "membership", self._membership(team, person, "member")
        yield "enrollment", {
            "id": new_id(), "user_id": person, "roadmap_id": self.published.roadmap_id,
            "started_on": now.date(), "is_primary": True, "created_at": now,
        }  # fmt: skip
        for key in profile.done[:STATUSES]:
            yield "milestone_status", {
                "user_id": person, "milestone_key": key, "status": "done", "reason": "",
                "changed_at": now, "changed_by_id": person,
            }  # fmt: skip
        for at in range(ENTRIES):
            yield "history_entry", {
                "user_id": person, "actor_id": person, "at": now, "action": "status.set",
                "subject": profile.done[at % len(profile.done)], "data": {"to": "done"},
            }  # fmt: skip
        moved = now.date() - dt.timedelta(days=number % 60)
        yield "readiness_summary", {
            "user_id": person, "roadmap_id": self.published.roadmap_id,
            "revision_id": self.published.revision_id,
            "own_score": Decimal(str(profile.kept["score"])),
            "shared_score": Decimal(str(profile.kept["score"])),
            "own": profile.kept, "shared": profile.kept, "own_last_activity_on": moved,
            "shared_last_activity_on": moved, "computed_on": now.date(),
        }  # fmt: skip
        for at in range(1 + shared):
            evidence, version = new_id(), new_id()
            yield "evidence", {
                "id": evidence, "user_id": person, "title": f"Design {number}",
                "visibility": "portfolio", "state": "submitted" if at else "draft", "revision": 1,
                "created_at": now, "updated_at": now,
            }  # fmt: skip
            yield "evidence_version", {
                "id": version, "evidence_id": evidence, "user_id": person, "number": 1,
                "kind": "design_doc", "occurred_on": now.date(), "url": "https://example.org/",
                "description": "A design.", "role": "", "issuer": "",
                "submitted_at": now if at else None, "created_at": now,
            }  # fmt: skip

    def _user(self, key: uuid.UUID, local: str, name: str) -> dict[str, Any]:
        email = f"{local}@crowd.example.org"
        return {"id": key, "email": email, "email_key": email, "name": name,
                "created_at": self.now}  # fmt: skip

    def _membership(self, team: uuid.UUID, person: uuid.UUID, role: str) -> dict[str, Any]:
        return {"team_id": team, "user_id": person, "role": role, "created_at": self.now}


_ORDER: Sequence[str] = (
    *("team", "user", "membership", "enrollment", "milestone_status", "history_entry"),
    *("readiness_summary", "evidence", "evidence_version"),
)
