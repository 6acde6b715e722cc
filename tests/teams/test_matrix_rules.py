"""The matrix without a database: sorting, filtering, gaps and the API representation."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from roadmap.readiness.tally import TONES
from roadmap.teams.columns import COLUMN_KINDS
from roadmap.teams.columns.skill import SkillColumn
from roadmap.teams.columns.stage import StageColumn
from roadmap.teams.matrix import (
    Column,
    ColumnGroup,
    Matrix,
    MatrixQuery,
    PersonLinks,
    Row,
    TeamRef,
    filter_and_sort,
    percent,
    points,
    to_json,
)

TODAY = dt.date(2026, 11, 23)
RANKING, SEARCH = TeamRef("ranking", "Ranking"), TeamRef("search", "Search")


def columns(kind: type[Column]) -> tuple[Column, ...]:
    if kind is StageColumn:
        return (StageColumn("leadership", "Leadership"),)
    if kind is SkillColumn:
        return (SkillColumn("mentoring", "Mentoring", 3),)
    return kind.for_content(None)


GROUPS = tuple(ColumnGroup(kind, columns(kind)) for kind in COLUMN_KINDS)


def make_row(
    name: str,
    *,
    score: float | None = 10.0,
    verdict: str = "setting_out",
    tones: tuple[float, float, float] = (0.5, 0.2, 0.1),
    levels: tuple[int | None, int | None] = (2, None),
    moved: int | None = 3,
    joined: int = 100,
    team: TeamRef = RANKING,
) -> Row:
    """Return a row; `moved` and `joined` are days ago, `levels` are (own, manager)."""
    enrolled = score is not None
    return Row(
        id=uuid.uuid5(uuid.NAMESPACE_DNS, name),
        name=name,
        teams=[team],
        joined_on=TODAY - dt.timedelta(days=joined),
        last_activity_on=None if moved is None else TODAY - dt.timedelta(days=moved),
        score=score,
        verdict=verdict if enrolled else "",
        stages={"leadership": dict(zip(TONES, tones, strict=True))} if enrolled else {},
        skills={"mentoring": dict(zip(("self", "other"), levels, strict=True))},
    )


def make_matrix(*rows: Row) -> Matrix:
    return Matrix(
        slug="ranking",
        name="Ranking",
        roadmap="senior",
        roadmap_title="Senior",
        roadmaps=(),
        teams=(RANKING, SEARCH),
        groups=GROUPS,
        rows=tuple(rows),
        today=TODAY,
        people=len(rows),
    )


def names(found: Matrix) -> list[str]:
    return [row.name for row in found.rows]


def sorted_by(sort: str, order: str, *rows: Row) -> list[str]:
    return names(filter_and_sort(make_matrix(*rows), MatrixQuery(sort=sort, order=order)))


def test_names_sort_ignoring_case_and_accents() -> None:
    rows = (make_row("Zoe"), make_row("Émile"), make_row("anna"), make_row("Bo"))
    assert sorted_by("name", "asc", *rows) == ["anna", "Bo", "Émile", "Zoe"]
    assert sorted_by("name", "desc", *rows) == ["Zoe", "Émile", "Bo", "anna"]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_people_without_a_figure_come_last_in_both_orders(order: str) -> None:
    empty = make_row("Aa", score=None, levels=(None, None), moved=None)
    rows = (empty, make_row("Bo"), make_row("Cy", score=30, moved=9))
    for sort in ("readiness", "moved", "leadership", "mentoring"):
        assert sorted_by(sort, order, *rows)[-1] == "Aa"


def test_ties_are_sorted_by_name_in_both_orders() -> None:
    rows = (make_row("Cy"), make_row("Aa"), make_row("Bo", score=80))
    assert sorted_by("readiness", "asc", *rows) == ["Aa", "Cy", "Bo"]
    assert sorted_by("readiness", "desc", *rows) == ["Bo", "Aa", "Cy"]


def test_stage_sorts_by_verified_share_first() -> None:
    rows = (make_row("Talks", tones=(1, 0, 0)), make_row("Proves", tones=(0.3, 0.3, 0.3)))
    assert sorted_by("leadership", "desc", *rows) == ["Proves", "Talks"]


def test_skill_sorts_by_manager_level_before_own_level() -> None:
    rows = (make_row("Own", levels=(4, None)), make_row("Seen", levels=(1, 2)))
    assert sorted_by("mentoring", "desc", *rows) == ["Seen", "Own"]
    unassessed = make_row("Unassessed", levels=(None, None))
    assert sorted_by("mentoring", "asc", unassessed, *rows)[-1] == "Unassessed"


def test_unknown_column_sorts_by_name() -> None:
    assert sorted_by("password_hash", "desc", make_row("Bo"), make_row("Aa")) == ["Aa", "Bo"]


def test_figure_columns_sort_descending_first() -> None:
    orders = {key: column.first_order for key, column in make_matrix().sorts.items()}
    assert orders["readiness"] == orders["mentoring"] == orders["leadership"] == "desc"
    assert orders["name"] == orders["moved"] == "asc"


def test_filters_narrow_and_combine() -> None:
    whole = make_matrix(
        make_row("Ada Berg"),
        make_row("Bo Berg", verdict="ready", score=90),
        make_row("Cy Holm", team=SEARCH, moved=40),
    )
    assert names(filter_and_sort(whole, MatrixQuery(q=" BERG "))) == ["Ada Berg", "Bo Berg"]
    assert names(filter_and_sort(whole, MatrixQuery(verdict="ready"))) == ["Bo Berg"]
    assert names(filter_and_sort(whole, MatrixQuery(team="search"))) == ["Cy Holm"]
    assert names(filter_and_sort(whole, MatrixQuery(still="1"))) == ["Cy Holm"]
    assert names(filter_and_sort(whole, MatrixQuery(q="berg", still="1"))) == []
    assert filter_and_sort(whole, MatrixQuery(q="berg")).people == 3


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (make_row("active 20 days ago", moved=20), False),
        (make_row("active 21 days ago", moved=21), True),
        (make_row("joined 20 days ago", moved=None, joined=20), False),
        (make_row("joined 21 days ago", moved=None, joined=21), True),
        (make_row("not on a roadmap", score=None, moved=None, joined=60), True),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_inactive_filter_keeps_people_without_activity_for_21_days(
    row: Row, expected: bool
) -> None:
    assert bool(filter_and_sort(make_matrix(row), MatrixQuery(still="1")).rows) is expected


@pytest.mark.parametrize(
    ("own", "manager", "css_class", "arrow"),
    [
        (3, 1, "skill apart", "down"),
        (1, 3, "skill manager apart", "up"),
        (3, 2, "skill", ""),
        (4, None, "skill self", ""),
        (None, 3, "skill manager", ""),
        (4, 2, "skill apart", "down"),
        (None, None, "skill", ""),
    ],
)
def test_skill_cell_compares_both_levels_and_the_bar(
    own: int | None, manager: int | None, css_class: str, arrow: str, app: Flask
) -> None:
    """Once a manager assessed the skill, only the manager's level can reach the bar."""
    [column] = columns(SkillColumn)
    row = make_row("Ada", levels=(own, manager))
    with app.test_request_context():
        cell = column.cell(row, make_matrix(row), PersonLinks("/ada", "", may_assess=True))
    assert (cell[2], cell[-1]) == (css_class, arrow)


def test_percent_and_points_are_rounded() -> None:
    assert [percent(share) for share in (0, 0.004, 0.29, 0.295, 1)] == [0, 0, 29, 30, 100]
    assert [points(score) for score in (0.0, 41.25, 41.249, 100.0)] == [0.0, 41.3, 41.2, 100.0]


def test_json_representation_of_the_matrix() -> None:
    whole = make_matrix(
        make_row("Ada", levels=(3, None)), make_row("Cy", score=None, levels=(1, 2), moved=None)
    )
    found = to_json(whole)
    assert found["stages"] == ["leadership"]
    assert found["skills"] == ["mentoring"]
    ada, cy = found["members"]
    assert ada["stages"] == {"leadership": {"claimed": 0.5, "evidenced": 0.2, "verified": 0.1}}
    assert ada["skills"] == {"mentoring": {"self": 3, "manager": None}}
    assert (ada["readiness"], ada["last_movement_on"]) == (10.0, "2026-11-20")
    assert cy["readiness"] is None
    assert cy["stages"] == {"leadership": {"claimed": 0, "evidenced": 0, "verified": 0}}
    assert cy["skills"] == {"mentoring": {"self": 1, "manager": 2}}
    assert cy["last_movement_on"] is None


row_lists = st.lists(
    st.builds(
        make_row,
        st.text("abÉz ", min_size=1, max_size=8),
        score=st.none() | st.floats(0, 100),
        moved=st.none() | st.integers(0, 400),
        levels=st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(0, 4)),
    ),
    max_size=12,
    unique_by=lambda row: row.id,
)


@given(
    row_lists,
    st.sampled_from(list(make_matrix().sorts)),
    st.sampled_from(["asc", "desc"]),
)
def test_sorting_keeps_every_row(rows: list[Row], sort: str, order: str) -> None:
    found = filter_and_sort(make_matrix(*rows), MatrixQuery(sort=sort, order=order))
    assert sorted(found.rows, key=id) == sorted(rows, key=id)
