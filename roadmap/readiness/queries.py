"""From rows to facts: what the rule is told about a person, for each of the two audiences."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree as DegreeRow
from roadmap.career.models import Position as PositionRow
from roadmap.catalog.models import Roadmap
from roadmap.catalog.queries import PublishedRoadmap
from roadmap.core.batches import batched
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.queries import CountedEvidence, list_counted, list_counted_by_user
from roadmap.evidence.shared import is_shared
from roadmap.people.models import User
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus
from roadmap.readiness.facts import (
    Course,
    Degree,
    EvidenceFact,
    Facts,
    Milestone,
    Position,
    Skill,
    Stage,
)
from roadmap.readiness.memory import Told, told
from roadmap.readiness.policy import Policy
from roadmap.skills.models import Assessment
from roadmap.skills.queries import ranked_assessments

StatusChange = tuple[str, str, dt.datetime]
"""A milestone's key, its new status, and when."""

ANY_MILESTONE = ""
"""For the milestone, where only the latest moment of them all was read."""

_courses: dict[uuid.UUID, Course] = {}


def build_course(published: PublishedRoadmap) -> Course:
    """The course of a revision, as the rule walks it; kept in memory."""
    found = _courses.get(published.revision_id)
    if found is None:
        content = published.content
        found = Course(
            stages=tuple(Stage(s.key, s.title, s.required) for s in content.stages),
            milestones=tuple(
                Milestone(
                    key=m.key,
                    title=m.title,
                    stage=m.stage_key,
                    hours=m.hours,
                    required=m.required,
                    kinds=frozenset(m.evidence),
                    after=m.after,
                )
                for m in content.milestones
            ),
            skills=tuple(Skill(s.key, s.title, s.bar) for s in content.skills),
            policy=Policy.parse(content.policy),
        )
        if len(_courses) > 200:
            _courses.clear()
        _courses[published.revision_id] = found
    return found


@dataclass
class PersonRecord:
    """Everything about a person that readiness and the pages of their way need, from two reads.

    `enrolled` are pairs of roadmap and revision; `targets` the target dates by milestone.
    """

    zone: str = "UTC"
    statuses: dict[str, str] = field(default_factory=dict)
    status_changed_at: dict[str, dt.datetime] = field(default_factory=dict)
    targets: dict[str, dt.date] = field(default_factory=dict)
    self_levels: dict[str, int] = field(default_factory=dict)
    other_levels: dict[str, int] = field(default_factory=dict)
    positions: list[Position] = field(default_factory=list)
    degrees: list[Degree] = field(default_factory=list)
    enrolled: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)
    pieces: list[CountedEvidence] = field(default_factory=list)
    evidence_changed_at: dt.datetime | None = None
    shared_evidence_changed_at: dt.datetime | None = None

    def today(self, now: dt.datetime) -> dt.date:
        """The person's own date."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def own(self) -> Facts:
        """The facts for the person: all of them."""
        return self._facts(self._fact_views.own)

    def shared(self) -> Facts:
        """The facts for everyone else: without drafts, private evidence and unsubmitted edits."""
        return self._facts(self._fact_views.shared)

    def has_hidden_facts(self) -> bool:
        return self._fact_views.own is not self._fact_views.shared

    @cached_property
    def _fact_views(self) -> Told:
        return told(self.pieces)

    def with_statuses(self, changes: Iterable[StatusChange]) -> PersonRecord:
        """The record after some changes of statuses, in their order; this one stays as it is."""
        after = replace(
            self, statuses=dict(self.statuses), status_changed_at=dict(self.status_changed_at)
        )
        for key, status, moment in changes:
            if status == "not_started":
                after.statuses.pop(key, None)
                after.status_changed_at.pop(key, None)
            elif after.statuses.get(key) != status:
                # A second tick is no news: since when it is done stays as it was.
                after.statuses[key], after.status_changed_at[key] = status, moment
        return after

    def last_activity_on(self, *, shared_only: bool) -> dt.date | None:
        """The last day on which something moved: a status was set, or evidence moved.

        With `shared_only` evidence that others do not see moves nothing. In the person's own zone.
        """
        moments: list[dt.datetime | None] = [*self.status_changed_at.values()]
        moments.append(self.shared_evidence_changed_at if shared_only else self.evidence_changed_at)
        latest = max((moment for moment in moments if moment is not None), default=None)
        return self.today(latest) if latest else None

    def _facts(self, pieces: tuple[EvidenceFact, ...]) -> Facts:
        return Facts(
            statuses=self.statuses,
            pieces=pieces,
            self_levels=self.self_levels,
            other_levels=self.other_levels,
            positions=tuple(self.positions),
            degrees=tuple(self.degrees),
        )


def person_record(session: Session, user_id: uuid.UUID) -> PersonRecord:
    """Reads a person's record: everything but evidence in one statement, evidence in the other."""
    found = PersonRecord(pieces=list_counted(session, user_id))
    for row in session.execute(_RECORD_QUERY, {"person": user_id}):
        _add_row(found, *row)
    _sort_record(found)
    return found


def person_records(
    session: Session, people: Collection[uuid.UUID]
) -> dict[uuid.UUID, PersonRecord]:
    """The records of many people, in two statements for each `many.PORTION` of them."""
    pieces = list_counted_by_user(session, people)
    found = {user_id: PersonRecord(pieces=pieces.get(user_id, [])) for user_id in people}
    _add_rows(session, _RECORDS_QUERY, found)
    for each in found.values():
        _sort_record(each)
    return found


def partial_records(
    session: Session, people: Collection[uuid.UUID]
) -> dict[uuid.UUID, PersonRecord]:
    """Of the records of many people their levels and when something moved last, and no more.

    For those who have no kept row, because they are on no roadmap. One statement for each
    `many.PORTION` of them.
    """
    found = {user_id: PersonRecord() for user_id in people}
    _add_rows(session, _PARTIAL_RECORDS_QUERY, found)
    return found


def _add_rows(session: Session, query: sa.Executable, found: dict[uuid.UUID, PersonRecord]) -> None:
    for people in batched(found):
        for user_id, *row in session.execute(query, {"people": people}):
            _add_row(found[user_id], *row)


def _add_row(found: PersonRecord, what: str, a: Any, b: Any, c: Any, d: Any, e: Any) -> None:
    """Adds one row of `_everything`."""
    match what:
        case "status":
            found.statuses[a] = b
            found.status_changed_at[a] = _moment(c)
        case "latest":
            found.status_changed_at[ANY_MILESTONE] = _moment(a)
        case "plan":
            found.targets[a] = _day(b)
        case "level":
            levels = found.self_levels if b == "self" else found.other_levels
            levels[a] = int(c)
        case "position":
            found.positions.append(
                Position(_uuid(a), b, _day(c), _day(d) if d else None, e in ("1", "true"))
            )
        case "degree":
            found.degrees.append(Degree(_uuid(a), b, c))
        case "enrolled":
            found.enrolled.append((uuid.UUID(a), uuid.UUID(b)))
        case "zone":
            found.zone = a
        case "moved":
            found.evidence_changed_at = _moment(a) if a else None
            # Of what others see: the last time that something was submitted, or judged.
            found.shared_evidence_changed_at = max(
                (_moment(each) for each in (b, c) if each), default=None
            )


def _sort_record(found: PersonRecord) -> None:
    found.positions.sort(key=lambda position: (position.started_on, position.id))
    found.degrees.sort(key=lambda degree: degree.id)
    found.enrolled.sort()


def _uuid(text: str) -> str:
    """SQLite keeps a UUID without its dashes."""
    return str(uuid.UUID(text))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _record_query(*, many: bool = False, partial: bool = False) -> sa.CompoundSelect[Any]:
    """One statement for many small tables: a tick may take eight in all.

    For many people each row begins with whose it is; `partial` is for `glimpses`.
    """
    person = sa.bindparam("person", type_=sa.Uuid)
    people: Any = sa.bindparam("people", expanding=True)
    no = sa.cast(sa.null(), sa.Text)

    def part(what: str, whose: Any, *columns: Any) -> sa.Select[Any]:
        padded = [sa.cast(column, sa.Text) for column in columns]
        padded += [no] * (5 - len(padded))
        selected: Any = sa.select(
            *([whose.label("whose")] if many else []),
            sa.literal_column(f"'{what}'").label("what"),
            *(column.label(name) for column, name in zip(padded, "abcde", strict=True)),
        )
        found: sa.Select[Any] = selected
        return found.where(of(whose))

    def of(whose: Any) -> sa.ColumnElement[bool]:
        condition: sa.ColumnElement[bool] = whose.in_(people) if many else whose == person
        return condition

    level = ranked_assessments(of(Assessment.user_id)).c
    status, plan = MilestoneStatus, MilestonePlan
    position, degree = PositionRow, DegreeRow
    judged = (
        sa.select(sa.func.max(Review.decided_at))
        .where(Review.evidence_id == Evidence.id)
        .correlate(Evidence)
        .scalar_subquery()
    )
    moved = part(
        "moved",
        Evidence.user_id,
        sa.func.max(Evidence.updated_at),
        sa.func.max(sa.case((is_shared(), Evidence.submitted_at))),
        sa.func.max(sa.case((is_shared(), judged))),
    )
    always = (
        part("level", level.user_id, level.skill_key, level.side, level.level).where(
            level.place == 1
        ),
        part("zone", User.id, User.timezone),
        moved.group_by(Evidence.user_id) if many else moved,
    )
    if partial:
        latest_status = part("latest", status.user_id, sa.func.max(status.changed_at))
        return sa.union_all(*always, latest_status.group_by(status.user_id))
    return sa.union_all(
        *always,
        part("status", status.user_id, status.milestone_key, status.status, status.changed_at),
        part("plan", plan.user_id, plan.milestone_key, plan.target_on).where(
            plan.target_on.is_not(None)
        ),
        part(
            "position",
            position.user_id,
            *(position.id, position.title),
            *(position.started_on, position.ended_on, position.is_ml),
        ),
        part("degree", degree.user_id, degree.id, degree.field, degree.level),
        part("enrolled", Enrollment.user_id, Roadmap.id, Roadmap.revision_id)
        .join_from(Enrollment, Roadmap, Enrollment.roadmap_id == Roadmap.id)
        .where(Roadmap.revision_id.is_not(None)),
    )


_RECORD_QUERY = _record_query()
_RECORDS_QUERY = _record_query(many=True)
_PARTIAL_RECORDS_QUERY = _record_query(many=True, partial=True)
