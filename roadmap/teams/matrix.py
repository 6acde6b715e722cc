"""The matrix of a team: its rows and columns, sorting, filtering and its JSON form. Pure.

Shares are fractions of the effort of a stage and cumulative: claimed >= evidenced >= verified.
Levels are 0 to 4. A person's own level and the manager's are never averaged.

In URLs `still=1` filters by inactivity and `sort=moved` sorts by the last activity, which the API
calls `last_movement_on`. Bookmarks and clients depend on these names.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from roadmap.core.text import fold, search_words

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

INACTIVE_DAYS = 21
"""People without activity for this many days are highlighted as inactive."""

CLAIMED_NOT_PROVEN = "claimed_not_proven"
NOT_YET_VERIFIED = "not_yet_verified"
VERDICTS = (
    *("ready", "nearly", "under_way", "setting_out"),
    *(CLAIMED_NOT_PROVEN, NOT_YET_VERIFIED),
)
"""The verdicts of a row. If one of the last two applies, it replaces the others."""


class TeamRef(NamedTuple):
    """A team by its slug and name."""

    slug: str
    name: str


@dataclass(slots=True)
class Row:
    """A person. If they are not on this roadmap, `score` is None and `stages` is empty.

    `stages` has the shares of each stage by tone. `skills` has the latest level by the person
    (`self`) and by a manager (`other`), None if not assessed.

    `teams` are their teams within the matrix, and `joined_on` is the day they first joined one of
    them, from which inactivity counts before their first activity. `roadmaps` maps the slugs of
    their roadmaps, primary first, to the ids of roadmap and revision. `loaded` has the results of
    `Column.load` by the kind of column.
    """

    id: uuid.UUID
    name: str
    joined_on: dt.date
    teams: list[TeamRef] = field(default_factory=list)
    roadmaps: dict[str, tuple[uuid.UUID, uuid.UUID]] = field(default_factory=dict)
    last_activity_on: dt.date | None = None
    score: float | None = None
    verdict: str = ""
    stages: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    skills: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    loaded: Mapping[str, Any] = field(default_factory=dict)

    @property
    def href(self) -> str:
        """Return the URL of their page, within their first team."""
        return f"/teams/{self.teams[0].slug}/people/{self.id}"

    @property
    def is_enrolled(self) -> bool:
        return self.score is not None

    @property
    def active_on(self) -> dt.date:
        """Return the day of the last activity, or the day they joined if there is none."""
        return self.last_activity_on or self.joined_on

    def days_inactive(self, today: dt.date) -> int:
        return max(0, (today - self.active_on).days)

    def is_inactive(self, today: dt.date) -> bool:
        return self.days_inactive(today) >= INACTIVE_DAYS


class PersonLinks(NamedTuple):
    """The URLs of a person's pages; `roadmap` is a slug, or empty for their primary roadmap.

    Only readers who may assess the person can open the page of a skill.
    """

    person_url: str
    roadmap: str
    may_assess: bool = False

    def overview(self) -> str:
        return f"{self.person_url}?roadmap={self.roadmap}" if self.roadmap else self.person_url

    def stage(self, key: str) -> str:
        roadmap = f"&roadmap={self.roadmap}" if self.roadmap else ""
        return f"{self.person_url}?stage={key}{roadmap}#stage-{key}"

    def skill(self, key: str) -> str:
        if not self.may_assess:
            return f"{self.overview()}#skill-{key}"
        roadmap = f"?roadmap={self.roadmap}" if self.roadmap else ""
        return f"{self.person_url}/skills/{key}{roadmap}"


@dataclass(frozen=True)
class Column:
    """A column of the matrix. Each kind is a subclass in `columns/`.

    A kind with one value per person overrides `value` or `load`, and sets `label` and its API
    field. By default the page shows the value as text, and sorting, exports and the API use it
    unchanged. A kind with several columns has a `heading` and creates them in `for_content`; in the
    API their values are an object by column key.

    `key` is the value of `?sort=`, and `title` is the column header on the page and in exports. A
    kind with one column takes them from its `kind` and `label`. A kind with several columns has
    `kind` as its name in the API and `heading` above all its columns.
    """

    key: str
    title: str

    kind: ClassVar[str]
    """The key in `Row.loaded`."""
    label: ClassVar[Any] = ""
    heading: ClassVar[Any] = None
    macro: ClassVar[str] = "plain"
    """The macro of `templates/teams/_matrix_cells.html` that renders the cells of this kind."""
    css_class: ClassVar[str] = ""
    first_order: ClassVar[str] = "desc"
    """The order of the first click; by default figures start with the highest."""
    needs_enrollment: ClassVar[bool] = False
    """Whether people who are not on the roadmap have no cells of this kind."""
    is_on_page: ClassVar[bool] = True
    """Whether the page shows columns of this kind; exports and the API always have them."""
    api_fields: ClassVar[Mapping[str, Any]] = {}
    """The fields of a member in the API, with their pydantic types."""

    @classmethod
    def for_content(cls, content: Content | None) -> tuple[Self, ...]:
        """Return the columns of this kind for a roadmap; `content` is None without one."""
        return (cls(cls.kind, str(cls.label)),)

    # The session is untyped because this module is pure.
    @classmethod
    def load(
        cls, session: Any, people: Sequence[uuid.UUID], now: dt.datetime
    ) -> Mapping[uuid.UUID, Any]:
        """Load additional data by person, in a constant number of queries."""
        return {}

    def value(self, row: Row) -> Any:
        return row.loaded.get(self.kind)

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> tuple[Any, ...]:
        """Return the arguments of `macro`; by default link, accessible label, value and class."""
        value = self.value(row)
        return links.overview(), f"{row.name}, {self.title}: {value}", value, self.css_class

    def sort_key(self, row: Row) -> Any:
        """Return the sort key of a row, or None if it has no value."""
        return self.value(row)

    def export_header(self) -> tuple[str, ...]:
        return (self.title,)

    def export_values(self, row: Row) -> tuple[Any, ...]:
        """Return one value per header: text, a number, a date or None."""
        return (self.value(row),)

    def api_values(self, row: Row) -> tuple[Any, ...]:
        """Return one value per field in `api_fields`."""
        return (self.value(row),)


class ColumnGroup(NamedTuple):
    """The columns of one kind."""

    kind: type[Column]
    columns: tuple[Column, ...]


class RoadmapChoice(NamedTuple):
    """A roadmap that members are on, and their number."""

    slug: str
    title: str
    people: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """The people of a team, or of all teams if `slug` is empty, and their columns.

    `teams` starts with the matrix's own team, followed by nested teams. `rows` are initially sorted
    by name. `people` is their number before filtering.
    """

    slug: str
    name: str
    roadmap: str
    roadmap_title: str
    roadmaps: tuple[RoadmapChoice, ...]
    teams: tuple[TeamRef, ...]
    groups: tuple[ColumnGroup, ...]
    rows: tuple[Row, ...]
    today: dt.date
    people: int

    @property
    def path(self) -> str:
        return f"/teams/{self.slug}" if self.slug else "/people"

    @property
    def page_groups(self) -> list[ColumnGroup]:
        return [group for group in self.groups if group.kind.is_on_page]

    @property
    def columns(self) -> Iterator[Column]:
        return (column for group in self.groups for column in group.columns)

    @property
    def sorts(self) -> Mapping[str, Column]:
        """Return the columns by the key to sort by.

        Keys of stages and skills come from the roadmap and may collide. A column without a heading
        takes precedence, then the leftmost.
        """
        by_key: dict[str, Column] = {}
        for column in sorted(self.columns, key=lambda column: column.heading is not None):
            by_key.setdefault(column.key, column)
        return by_key


@dataclass(frozen=True, slots=True)
class MatrixQuery:
    """The filters and sorting of a matrix, from the URL parameters.

    Empty values do not filter. `roadmap` is empty for the default one.
    """

    roadmap: str = ""
    q: str = ""
    verdict: str = ""
    team: str = ""
    still: str = ""
    sort: str = "name"
    order: str = "asc"

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.verdict or self.team or self.still)


def filter_and_sort(matrix: Matrix, query: MatrixQuery) -> Matrix:
    """Return the matrix with the matching rows, in the order of the query.

    Unknown columns sort by name. Rows without a value come last in both orders; rows with equal
    values are sorted by name.
    """
    words = search_words(query.q)
    rows = [
        row
        for row in matrix.rows
        if all(word in fold(row.name) for word in words)
        and (not query.verdict or row.verdict == query.verdict)
        and (not query.team or any(team.slug == query.team for team in row.teams))
        and (not query.still or row.is_inactive(matrix.today))
    ]
    rows.sort(key=lambda row: (fold(row.name), str(row.id)))
    column = matrix.sorts.get(query.sort)
    if column is not None:
        keyed = [(column.sort_key(row), row) for row in rows]
        known = [pair for pair in keyed if pair[0] is not None]
        # The sort is stable, so rows with equal keys stay in the order of their names.
        known.sort(key=lambda pair: pair[0], reverse=query.order == "desc")
        rows = [row for _key, row in known] + [row for key, row in keyed if key is None]
    return replace(matrix, rows=tuple(rows))


def percent(share: float) -> int:
    """Return a share as a whole percentage, rounded as on the other pages."""
    return round(share * 100)


def points(score: float) -> float:
    """Return a score with one decimal, halves rounded up as on the other pages."""
    return int(score * 10 + 0.5 + 1e-6) / 10


def to_json(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix for the API: shares from 0 to 1, levels from 0 to 4, ISO dates.

    Members who are not on the roadmap have null readiness and shares of 0 in each stage.
    """
    return {
        "team": matrix.slug,
        "roadmap": matrix.roadmap,
        **{
            group.kind.kind: [column.key for column in group.columns]
            for group in matrix.groups
            if group.kind.heading is not None
        },
        "members": [_member(row, matrix) for row in matrix.rows],
    }


def _member(row: Row, matrix: Matrix) -> dict[str, Any]:
    member: dict[str, Any] = {"id": str(row.id)}
    for kind, columns in matrix.groups:
        if kind.heading is None:
            for column in columns:
                member.update(zip(kind.api_fields, column.api_values(row), strict=True))
        else:
            values = {column.key: value for column in columns for value in column.api_values(row)}
            member |= dict.fromkeys(kind.api_fields, values)
    return member
