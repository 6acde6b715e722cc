"""From rows to facts: what the rule is told about a person, for each of the two audiences."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree as DegreeRow
from roadmap.career.models import Position as PositionRow
from roadmap.catalog.models import Roadmap
from roadmap.catalog.queries import Published
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import CountedPiece, counted
from roadmap.evidence.words import SHARED_STATES
from roadmap.people.models import User
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus
from roadmap.readiness.facts import (
    Course,
    Degree,
    Facts,
    Impact,
    Milestone,
    Piece,
    Position,
    Skill,
    Stage,
)
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.policy import Policy
from roadmap.skills.models import Assessment

_courses: dict[uuid.UUID, Course] = {}


def course(published: Published) -> Course:
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
class Record:
    """Everything about a person that readiness and the pages of their way need, from two reads.

    `enrolled` are pairs of roadmap and revision; `targets` the target dates by milestone.
    """

    zone: str = "UTC"
    statuses: dict[str, str] = field(default_factory=dict)
    moved_at: dict[str, dt.datetime] = field(default_factory=dict)
    targets: dict[str, dt.date] = field(default_factory=dict)
    self_levels: dict[str, int] = field(default_factory=dict)
    other_levels: dict[str, int] = field(default_factory=dict)
    positions: list[Position] = field(default_factory=list)
    degrees: list[Degree] = field(default_factory=list)
    enrolled: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)
    pieces: list[CountedPiece] = field(default_factory=list)
    evidence_moved_at: dt.datetime | None = None
    evidence_shared_at: dt.datetime | None = None

    def today(self, now: dt.datetime) -> dt.date:
        """The person's own date."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def own(self) -> Facts:
        """The facts for the person: all of them."""
        return self._facts([piece for piece, _shared in self._told])

    def shared(self) -> Facts:
        """The facts for everyone else: without drafts and private evidence."""
        return self._facts([piece for piece, shared in self._told if shared])

    def hides_something(self) -> bool:
        return not all(shared for _piece, shared in self._told)

    @cached_property
    def _told(self) -> list[tuple[Piece, bool]]:
        """The pieces as the rule is told them, and whether others see them; made once for both."""
        return [(_piece(piece), is_shared(piece)) for piece in self.pieces]

    def _facts(self, pieces: list[Piece]) -> Facts:
        return Facts(
            statuses=self.statuses,
            pieces=tuple(pieces),
            self_levels=self.self_levels,
            other_levels=self.other_levels,
            positions=tuple(self.positions),
            degrees=tuple(self.degrees),
        )


def is_shared(piece: CountedPiece) -> bool:
    """Whether others see it: submitted or later, and not private."""
    return piece.visibility != "private" and piece.state in SHARED_STATES


# What was told of a piece already. Evidence hands out the same objects while nothing changed.
_known: dict[int, tuple[CountedPiece, Piece]] = {}
MOST_KNOWN = 10_000


def _piece(piece: CountedPiece) -> Piece:
    known = _known.get(id(piece))
    if known is None or known[0] is not piece:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        known = _known[id(piece)] = (piece, _told_of(piece))
    return known[1]


def _told_of(piece: CountedPiece) -> Piece:
    return Piece(
        id=str(piece.id),
        title=piece.title,
        kind=piece.kind,
        occurred_on=piece.occurred_on,
        expires_on=piece.expires_on,
        state=piece.state,
        verified=piece.verified,
        milestones=piece.milestones,
        confirmed=piece.confirmed,
        impacts=tuple(Impact(*impact) for impact in piece.impacts),
        private=piece.visibility == "private",
    )


def record(session: Session, user_id: uuid.UUID) -> Record:
    """Reads a person's record: everything but evidence in one statement, evidence in the other."""
    found = Record(pieces=counted(session, user_id))
    for what, a, b, c, d, e in session.execute(_EVERYTHING, {"person": user_id}):
        match what:
            case "status":
                found.statuses[a] = b
                found.moved_at[a] = _moment(c)
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
                found.evidence_moved_at = _moment(a) if a else None
                found.evidence_shared_at = _moment(b) if b else None
    found.positions.sort(key=lambda position: (position.started_on, position.id))
    found.degrees.sort(key=lambda degree: degree.id)
    found.enrolled.sort()
    return found


def _uuid(text: str) -> str:
    """SQLite keeps a UUID without its dashes."""
    return str(uuid.UUID(text))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _everything() -> sa.CompoundSelect[Any]:
    """One statement for many small tables: a tick may take eight in all."""
    person = sa.bindparam("person", type_=sa.Uuid)
    no = sa.cast(sa.null(), sa.Text)

    def part(what: str, *columns: Any) -> sa.Select[Any]:
        padded = [sa.cast(column, sa.Text) for column in columns]
        padded += [no] * (5 - len(padded))
        selected: Any = sa.select(
            sa.literal_column(f"'{what}'").label("what"),
            *(column.label(name) for column, name in zip(padded, "abcde", strict=True)),
        )
        found: sa.Select[Any] = selected
        return found

    latest = (
        sa.select(
            Assessment.skill_key,
            Assessment.side,
            Assessment.level,
            sa.func.row_number()
            .over(
                partition_by=(Assessment.skill_key, Assessment.side),
                order_by=(Assessment.assessed_at.desc(), Assessment.id.desc()),
            )
            .label("age"),
        )
        .where(Assessment.user_id == person)
        .subquery()
    )
    shared = sa.and_(Evidence.visibility != "private", Evidence.state.in_(SHARED_STATES))
    return sa.union_all(
        part(
            "status", MilestoneStatus.milestone_key, MilestoneStatus.status, MilestoneStatus.since
        ).where(MilestoneStatus.user_id == person),
        part("plan", MilestonePlan.milestone_key, MilestonePlan.target_on).where(
            MilestonePlan.user_id == person, MilestonePlan.target_on.is_not(None)
        ),
        part("level", latest.c.skill_key, latest.c.side, latest.c.level).where(latest.c.age == 1),
        part(
            "position",
            PositionRow.id,
            PositionRow.title,
            PositionRow.started_on,
            PositionRow.ended_on,
            PositionRow.is_ml,
        ).where(PositionRow.user_id == person),
        part("degree", DegreeRow.id, DegreeRow.field, DegreeRow.level).where(
            DegreeRow.user_id == person
        ),
        part("enrolled", Roadmap.id, Roadmap.revision_id)
        .join(Enrollment, Enrollment.roadmap_id == Roadmap.id)
        .where(Enrollment.user_id == person, Roadmap.revision_id.is_not(None)),
        part("zone", User.timezone).where(User.id == person),
        part(
            "moved",
            sa.func.max(Evidence.updated_at),
            sa.func.max(sa.case((shared, Evidence.submitted_at))),
        ).where(Evidence.user_id == person),
    )


_EVERYTHING = _everything()


_KEPT = ReadinessSummary.__table__.c
_ONE_KEPT = sa.select(_KEPT.own, _KEPT.valid_until).where(
    _KEPT.user_id == sa.bindparam("user_id"),
    _KEPT.roadmap_id == sa.bindparam("roadmap_id"),
    _KEPT.revision_id == sa.bindparam("revision_id"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The kept row as its person sees it. It counts through the day before `valid_until`."""

    own: dict[str, Any]
    valid_until: dt.date | None


def kept(
    session: Session, user_id: uuid.UUID, roadmap_id: uuid.UUID, revision_id: uuid.UUID
) -> Kept | None:
    """The kept row where it is of this revision; whether it is still valid asks its dates."""
    row = session.execute(
        _ONE_KEPT, {"user_id": user_id, "roadmap_id": roadmap_id, "revision_id": revision_id}
    ).first()
    return Kept(*row) if row else None
