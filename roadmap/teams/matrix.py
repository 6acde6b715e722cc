"""The shape of a team's matrix, and how it is sorted and filtered. Pure.

Shares are of the effort of a stage, from 0 to 1, cumulative: claimed >= evidenced >= verified.
Levels go from 0 to 4. What a person says of themselves and what a manager says stand side by side
and are never made one.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from roadmap.skills.rules import DIVERGENCE_THRESHOLD

INACTIVE_DAYS = 21
"""So many days without a movement call for a word with somebody."""

CLAIMED_NOT_PROVEN = "claimed_not_proven"
VERDICTS = ("ready", "nearly", "under_way", "setting_out", CLAIMED_NOT_PROVEN)
"""What a row may read; the last one takes the place of the verdict where it holds."""

SORT_ORDERS = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class StageCell:
    """How far a stage is, in the three tones."""

    claimed: float
    evidenced: float
    verified: float


EMPTY_STAGE = StageCell(0.0, 0.0, 0.0)
"""How far a stage is of whoever never began it."""


@dataclass(frozen=True, slots=True)
class SkillCell:
    """The newest level of each side, None where nobody said anything, and the senior bar."""

    own: int | None
    manager: int | None
    bar: int

    @property
    def gap(self) -> int | None:
        """How much higher the manager's level is than the person's own; None without both."""
        if self.own is None or self.manager is None:
            return None
        return self.manager - self.own

    @property
    def is_apart(self) -> bool:
        """Whether the two see it so differently that it is worth a conversation."""
        return self.gap is not None and abs(self.gap) >= DIVERGENCE_THRESHOLD

    @property
    def at_bar(self) -> str:
        """Who says that the bar is reached: `manager`, `self` while no manager spoke, or nobody."""
        if self.manager is not None:
            return "manager" if self.manager >= self.bar else ""
        return "self" if self.own is not None and self.own >= self.bar else ""


@dataclass(frozen=True, slots=True)
class StageColumn:
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class SkillColumn:
    key: str
    title: str
    bar: int


@dataclass(frozen=True, slots=True)
class TeamRef:
    """A team by its slug and name."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One person. Without `score` they are not on this roadmap, and have no cells of stages.

    `joined_on` is the day they came into the team, which a movement is missed from where nothing
    moved yet. `teams` are those of the matrix's teams that they are a member of.
    """

    id: uuid.UUID
    name: str
    teams: tuple[TeamRef, ...]
    joined_on: dt.date
    last_activity_on: dt.date | None = None
    score: float | None = None
    verdict: str = ""
    stages: Mapping[str, StageCell] = field(default_factory=dict)
    skills: Mapping[str, SkillCell] = field(default_factory=dict)

    @property
    def is_enrolled(self) -> bool:
        return self.score is not None

    def days_inactive(self, today: dt.date) -> int:
        """Days since something moved, or since they joined where nothing did yet."""
        return max(0, (today - (self.last_activity_on or self.joined_on)).days)


@dataclass(frozen=True, slots=True)
class RoadmapChoice:
    """A roadmap that members are on, and how many of them."""

    slug: str
    title: str
    people: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """A team's people by stages and skills.

    `teams` are the teams that its people are in, the matrix's own first: more than one where teams
    are nested in it. `rows` are by name until `arranged` says otherwise; `people` counts them all.
    """

    slug: str
    name: str
    roadmap: str
    roadmap_title: str
    roadmaps: tuple[RoadmapChoice, ...]
    teams: tuple[TeamRef, ...]
    stages: tuple[StageColumn, ...]
    skills: tuple[SkillColumn, ...]
    rows: tuple[Row, ...]
    today: dt.date
    people: int

    @property
    def sorts(self) -> tuple[str, ...]:
        """What it can be sorted by. A stage goes before a skill of the same key."""
        stages, skills = (c.key for c in self.stages), (c.key for c in self.skills)
        return tuple(dict.fromkeys(("name", "readiness", "moved", *stages, *skills)))


@dataclass(frozen=True, slots=True)
class MatrixQuery:
    """What of a matrix is looked at, and in which order. Empty means everything."""

    sort: str = "name"
    order: str = "asc"
    text: str = ""
    verdict: str = ""
    team: str = ""
    still: bool = False

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.verdict or self.team or self.still)


def default_order(sort: str) -> str:
    """The order that a column is first sorted in: figures from the highest, the rest upwards."""
    return "asc" if sort in ("name", "moved") else "desc"


def filter_and_sort(matrix: Matrix, view: MatrixQuery) -> Matrix:
    """The matrix with only the rows that `view` asks for, in its order.

    An unknown column sorts by name. Whoever has no figure in the column comes last in both orders;
    equal rows are by name.
    """
    return replace(matrix, rows=tuple(_sorted(_filtered(matrix, view), matrix, view)))


def _filtered(matrix: Matrix, view: MatrixQuery) -> list[Row]:
    text = view.text.casefold().strip()
    return [
        row
        for row in matrix.rows
        if (not text or text in row.name.casefold())
        and (not view.verdict or row.verdict == view.verdict)
        and (not view.team or any(team.slug == view.team for team in row.teams))
        and (not view.still or row.days_inactive(matrix.today) >= INACTIVE_DAYS)
    ]


def _sorted(rows: list[Row], matrix: Matrix, view: MatrixQuery) -> list[Row]:
    rows.sort(key=_by_name, reverse=view.sort == "name" and view.order == "desc")
    if view.sort == "name" or view.sort not in matrix.sorts:
        return rows
    figure = _sort_key(matrix, view.sort)
    known: list[tuple[Any, Row]] = []
    unknown = []
    for row in rows:
        value = figure(row)
        if value is None:
            unknown.append(row)
        else:
            known.append((value, row))
    # Stable, and reversed by the figure alone, so that equal rows stay by name in both orders.
    known.sort(key=lambda pair: pair[0], reverse=view.order == "desc")
    return [row for _value, row in known] + unknown


def _by_name(row: Row) -> tuple[str, str]:
    return name_key(row.name), str(row.id)


def name_key(name: str) -> str:
    """What names are ordered by: an accent follows its letter instead of coming after Z."""
    return unicodedata.normalize("NFKD", name).casefold()


def _sort_key(matrix: Matrix, sort: str) -> Callable[[Row], Any]:
    """What a row is compared by in this column; None where it has nothing there."""
    if sort == "readiness":
        return lambda row: row.score
    if sort == "moved":
        return lambda row: row.last_activity_on
    if any(column.key == sort for column in matrix.stages):

        def tones(row: Row) -> tuple[float, ...] | None:
            cell = row.stages.get(sort)
            return (cell.verified, cell.evidenced, cell.claimed) if cell else None

        return tones

    def levels(row: Row) -> tuple[int, int] | None:
        """A manager's word first; a level that nobody gave is below all."""
        cell = row.skills.get(sort)
        if cell is None or (cell.own is None and cell.manager is None):
            return None
        return _level_or_lowest(cell.manager), _level_or_lowest(cell.own)

    return levels


def _level_or_lowest(level: int | None) -> int:
    return -1 if level is None else level


def percent(share: float) -> int:
    """A share as whole percent, rounded as the other pages round it."""
    return round(share * 100)


def points(score: float) -> float:
    """A score to one decimal, a half rounded up, as the other pages show it."""
    return int(score * 10 + 0.5 + 1e-6) / 10


def to_json(matrix: Matrix) -> dict[str, Any]:
    """The matrix as the API hands it out: shares from 0 to 1, levels from 0 to 4, ISO dates.

    Whoever is not on the roadmap has null readiness, and shares of 0 in each stage.
    """
    return {
        "team": matrix.slug,
        "roadmap": matrix.roadmap,
        "stages": [column.key for column in matrix.stages],
        "skills": [column.key for column in matrix.skills],
        "members": [_member(row, matrix) for row in matrix.rows],
    }


def _member(row: Row, matrix: Matrix) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "teams": [team.slug for team in row.teams],
        "readiness": row.score,
        "verdict": row.verdict or None,
        "stages": {
            column.key: _shares(row.stages.get(column.key, EMPTY_STAGE)) for column in matrix.stages
        },
        "skills": {column.key: _levels(row.skills.get(column.key)) for column in matrix.skills},
        "last_movement_on": row.last_activity_on.isoformat() if row.last_activity_on else None,
    }


def _shares(cell: StageCell) -> dict[str, float]:
    return {"claimed": cell.claimed, "evidenced": cell.evidenced, "verified": cell.verified}


def _levels(cell: SkillCell | None) -> dict[str, int | None]:
    return {"self": cell.own, "manager": cell.manager} if cell else {"self": None, "manager": None}
