"""Load entries of a user's history and the titles of their subjects.

The number of statements does not depend on the number of entries.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.career.models import Degree, Position
from roadmap.catalog import models as catalog
from roadmap.core.batches import batched
from roadmap.core.text import parse_uuid
from roadmap.evidence.models import Evidence, EvidenceMilestone
from roadmap.people.models import HistoryEntry, Team, User
from roadmap.progress.queries import own_and_other_roadmaps

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

PAGE_SIZE = 50
EXPORT_BATCH = 1_000
ACTOR_FILTERS = ("me", "others")
Condition = sa.ColumnElement[bool]
_AT: Any = HistoryEntry.at
_ID: Any = HistoryEntry.id
_Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A history entry.

    `data_before` is the data of the previous entry on the same subject, for actions that set a
    value. `actor` is '' if there is no account.
    """

    id: int
    at: dt.datetime
    action: str
    subject: str
    data: _Json
    actor_id: uuid.UUID | None
    actor: str
    data_before: _Json | None

    @property
    def subject_type(self) -> str:
        """Return the type of the subject, which is the first word of the action."""
        return self.action.partition(".")[0]

    @property
    def before(self) -> _Json:
        return self.data_before or {}

    @property
    def position(self) -> str:
        """Return the position in the list as an opaque cursor for URLs."""
        text = f"{self.at.astimezone(dt.UTC).isoformat()}\n{self.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_position(text: str) -> tuple[dt.datetime, int]:
    """Parse a cursor from `Entry.position`. Raises ValueError if it is invalid."""
    at, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("\n")
    moment = dt.datetime.fromisoformat(at)
    if moment.utcoffset() != dt.timedelta(0) or not re.fullmatch(r"[0-9]{1,18}", key):
        raise ValueError(text)
    return moment, int(key)


def load_subjects(session: Session, user_id: uuid.UUID, keys: Collection[str]) -> set[str]:
    """Return the subjects of entries about these milestones: their keys and linked evidence."""
    linked = sa.select(EvidenceMilestone.evidence_id).where(
        EvidenceMilestone.user_id == user_id, EvidenceMilestone.milestone_key.in_(keys)
    )
    return {*keys, *map(str, session.scalars(linked))}


def list_entries(
    session: Session,
    user_id: uuid.UUID,
    *conditions: Condition,
    before: tuple[dt.datetime, int] | None = None,
    limit: int = PAGE_SIZE,
) -> tuple[list[Entry], bool]:
    """List the newest entries of a user's history; return them and whether there are more."""
    if before is not None:
        position = sa.tuple_(HistoryEntry.at, HistoryEntry.id, types=[_AT.type, _ID.type])
        conditions = (*conditions, position < before)
    query = _select_entries(user_id, *conditions, limit=limit + 1)
    found = [Entry(*row) for row in session.execute(query)]
    return found[:limit], len(found) > limit


def list_batches(
    session: Session, user_id: uuid.UUID, *conditions: Condition
) -> Iterator[list[Entry]]:
    """Iterate over all entries in batches, so that a long history does not fill the memory."""
    query = _select_entries(user_id, *conditions).execution_options(yield_per=EXPORT_BATCH)
    for batch in session.execute(query).partitions():
        yield [Entry(*row) for row in batch]


def _select_entries(
    user_id: uuid.UUID, *conditions: Condition, limit: int | None = None
) -> sa.Select[Any]:
    """Select the columns of `Entry`, newest first."""
    page = (
        sa.select(HistoryEntry)
        .where(HistoryEntry.user_id == user_id, *conditions)
        .order_by(HistoryEntry.at.desc(), HistoryEntry.id.desc())
        .limit(limit)
    )
    # Limit first, so that previous data is only looked up for the listed entries.
    entry: Any = aliased(HistoryEntry, page.subquery())
    return (
        sa.select(
            entry.id, entry.at, entry.action, entry.subject, entry.data, entry.actor_id,
            sa.func.coalesce(User.name, ""), _data_before(entry),
        )
        .outerjoin(User, User.id == entry.actor_id)
        .order_by(entry.at.desc(), entry.id.desc())
    )  # fmt: skip


# Actions that replace a previous value.
_VALUE_ACTIONS = ("status.set", "plan.set", "skill.assessed", "enrollment.changed")


def _data_before(entry: Any) -> sa.ScalarSelect[Any]:
    earlier = aliased(HistoryEntry)
    return (
        sa.select(earlier.data)
        .where(
            entry.action.in_(_VALUE_ACTIONS),
            earlier.user_id == entry.user_id,
            earlier.subject == entry.subject,
            earlier.id < entry.id,
            sa.or_(
                earlier.action == entry.action,
                sa.and_(entry.action == "enrollment.changed", earlier.action == "enrollment.begun"),
            ),
        )
        .order_by(earlier.id.desc())
        .limit(1)
        .correlate(entry)
        .scalar_subquery()
    )


def count_entries(session: Session, user_id: uuid.UUID, *conditions: Condition, limit: int) -> int:
    """Count the matching entries up to `limit` + 1, because an exact count would be slow."""
    found = sa.select(HistoryEntry.id).where(HistoryEntry.user_id == user_id, *conditions)
    counted = sa.select(sa.func.count()).select_from(found.limit(limit + 1).subquery())
    return session.scalar(counted) or 0


def count_actions(
    session: Session, user_id: uuid.UUID, *conditions: Condition
) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Count entries and distinct subjects by action and by the status or side that it set.

    Returns (entries, subjects) by (action, detail). Takes one statement.
    """
    detail = sa.case(
        (HistoryEntry.action == "status.set", HistoryEntry.data["status"].as_string()),
        (HistoryEntry.action == "skill.assessed", HistoryEntry.data["side"].as_string()),
        else_="",
    )
    rows = session.execute(
        sa.select(
            HistoryEntry.action,
            detail.label("detail"),
            sa.func.count(),
            sa.func.count(HistoryEntry.subject.distinct()),
        )
        .where(HistoryEntry.user_id == user_id, *conditions)
        .group_by(HistoryEntry.action, sa.literal_column("detail"))
    )
    return {(action, value or ""): (entries, subjects) for action, value, entries, subjects in rows}


@dataclass(slots=True)
class Titles:
    """The current or last known titles of the subjects of entries.

    `roadmaps` are the user's roadmaps, followed by the other published ones. `known` holds titles
    by subject type and subject, and under "slug" the slugs of roadmaps by id. `deleted` holds the
    titles of deleted evidence.
    """

    roadmaps: Sequence[Content] = ()
    known: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    deleted: dict[str, str] = field(default_factory=dict)

    def roadmap_of(self, milestone_key: str) -> Content | None:
        return next((each for each in self.roadmaps if milestone_key in each.by_key), None)

    def milestone(self, key: str) -> str:
        content = self.roadmap_of(key)
        return content.by_key[key].title if content else self.known["milestone"].get(key, key)

    def skill(self, key: str) -> str:
        titles = (c.skill_by_key[key].title for c in self.roadmaps if key in c.skill_by_key)
        return next(titles, None) or self.known["skill"].get(key, key)


def load_titles(session: Session, user_id: uuid.UUID, entries: Iterable[Entry]) -> Titles:
    """Load the titles of the entries' subjects, with one statement for each subject type."""
    own, others = own_and_other_roadmaps(session, user_id)
    titles = Titles([*own, *others])
    subjects: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        subjects[_SUBJECT_TYPES.get(entry.subject_type, entry.subject_type)].add(entry.subject)
        subjects["milestone"].update(milestones_of_entry(entry.data))
    for content in titles.roadmaps:
        subjects["milestone"] -= content.by_key.keys()
        subjects["skill"] -= content.skill_by_key.keys()
    models: dict[str, tuple[Any, Any, Any]] = {
        "milestone": (catalog.Milestone.key, catalog.Milestone.title, None),
        "skill": (catalog.Skill.key, catalog.Skill.title, None),
        "evidence": (Evidence.id, Evidence.title, Evidence.user_id),
        "position": (Position.id, Position.title, Position.user_id),
        "degree": (Degree.id, Degree.institution, Degree.user_id),
        "membership": (Team.slug, Team.name, None),
    }
    for subject_type, (key, title, owner) in models.items():
        wanted = sorted(subjects[subject_type])
        keys: list[Any] = _parse_ids(wanted) if isinstance(key.type, sa.Uuid) else wanted
        for batch in batched(keys):
            named = sa.select(key, title).where(key.in_(batch))
            if owner is not None:
                named = named.where(owner == user_id)
            titles.known[subject_type].update((str(k), name) for k, name in session.execute(named))
    if roadmap_ids := _parse_ids(sorted(subjects["enrollment"])):
        roadmap = catalog.Roadmap
        named = sa.select(roadmap.id, roadmap.title, roadmap.slug)
        for key, title, slug in session.execute(named.where(roadmap.id.in_(roadmap_ids))):
            titles.known["enrollment"][str(key)] = title
            titles.known["slug"][str(key)] = slug
    gone = subjects["evidence"] - titles.known["evidence"].keys()
    for batch in batched(sorted(gone)):
        # The last title of deleted evidence is only in its deletion entry.
        query = sa.select(HistoryEntry.subject, HistoryEntry.data).where(
            HistoryEntry.user_id == user_id,
            HistoryEntry.subject.in_(batch),
            HistoryEntry.action == "evidence.deleted",
        )
        titles.deleted.update((key, str(d.get("title", ""))) for key, d in session.execute(query))
    return titles


# Subject types whose entries refer to a subject of another type.
_SUBJECT_TYPES = {
    **dict.fromkeys(("status", "plan", "endorsement"), "milestone"),
    **dict.fromkeys(("comment", "credential", "portfolio"), "evidence"),
}


def milestones_of_entry(data: _Json) -> list[str]:
    """Return the milestones in an entry's data, such as those confirmed by a review.

    A change of links holds the milestones before and after; return only the added ones.
    """
    keys = data.get("milestones", ())
    if not isinstance(keys, list | tuple):
        return []
    if len(keys) == 2 and all(isinstance(each, list) for each in keys):
        return [key for key in keys[1] if key not in keys[0]]
    return [key for key in keys if isinstance(key, str)]


def _parse_ids(texts: Iterable[str]) -> list[uuid.UUID]:
    return [key for text in texts if (key := parse_uuid(text))]
