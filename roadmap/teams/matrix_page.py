"""What the page of the matrix shows: its rows and the links that sort it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from roadmap.teams.matrix import Matrix, MatrixQuery, PersonLinks, Row


class CellGroup(NamedTuple):
    """Cells of a row that stand side by side, and the macro that renders them."""

    macro: str
    cells: Sequence[Any]


class NotEnrolledCell(NamedTuple):
    """The one cell that takes the place of all columns that need enrollment."""

    url: str
    colspan: int


def page_rows(matrix: Matrix) -> list[list[CellGroup]]:
    """Return the rows in their order, as groups of cells for `_matrix_cells.html`."""
    is_default = not matrix.roadmaps or matrix.roadmap == matrix.roadmaps[0].slug
    rows = []
    for row in matrix.rows:
        # A person who is not on the roadmap has no page on it.
        roadmap = "" if is_default or not row.is_enrolled else matrix.roadmap
        links = PersonLinks(f"/teams/{matrix.slug}/people/{row.id}", roadmap)
        rows.append(list(_cell_groups(matrix, row, links)))
    return rows


def _cell_groups(matrix: Matrix, row: Row, links: PersonLinks) -> Iterator[CellGroup]:
    missing = 0
    for kind, columns in matrix.groups:
        if kind.needs_enrollment and not row.is_enrolled:
            missing += len(columns)
            continue
        if missing:
            yield CellGroup("not_enrolled", [NotEnrolledCell(links.person_url, missing)])
            missing = 0
        yield CellGroup(kind.macro, [column.cell(row, matrix, links) for column in columns])
    if missing:
        yield CellGroup("not_enrolled", [NotEnrolledCell(links.person_url, missing)])


@dataclass(frozen=True, slots=True)
class SortLink:
    """The query string that sorts by a column, and how it is sorted now, for `aria-sort`."""

    query: str
    sorted: str


def sort_links(matrix: Matrix, query: MatrixQuery, roadmap: str) -> dict[str, SortLink]:
    """Return a link for each column by its key. `roadmap` is the one in the address, or empty."""
    links = {}
    for key, column in matrix.sorts.items():
        order, now_sorted = column.first_order, ""
        if key == query.sort:
            now_sorted = "ascending" if query.order == "asc" else "descending"
            order = "desc" if query.order == "asc" else "asc"
        order = "" if order == column.first_order else order
        links[key] = SortLink(_encode(query, roadmap, key, order), now_sorted)
    return links


def query_string(matrix: Matrix, query: MatrixQuery, roadmap: str) -> str:
    """Return the query string of this view; empty where everything is as by default."""
    is_default = query.sort == "name" and query.order == "asc"
    order = "" if query.order == matrix.sorts[query.sort].first_order else query.order
    return _encode(query, roadmap, "" if is_default else query.sort, order)


def _encode(query: MatrixQuery, roadmap: str, sort: str, order: str) -> str:
    values = {
        "roadmap": roadmap,
        "q": query.text,
        "verdict": query.verdict,
        "team": query.team,
        "still": "1" if query.still else "",
        "sort": sort,
        "order": order,
    }
    encoded = urlencode({name: value for name, value in values.items() if value})
    return f"?{encoded}" if encoded else ""
