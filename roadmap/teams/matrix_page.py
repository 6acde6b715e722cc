"""View models of the matrix page: its rows and sort links."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from roadmap.teams.matrix import Matrix, MatrixQuery, PersonLinks, Row

# The macro of `_matrix_cells.html` for a group of adjacent cells, and the cells.
CellGroup = tuple[str, Sequence[Any]]


def page_rows(matrix: Matrix, assessor: uuid.UUID | None = None) -> list[list[CellGroup]]:
    """Return the rows in order, as groups of cells. `assessor` is a reader who may assess all."""
    return [list(_cell_groups(matrix, row, assessor not in (None, row.id))) for row in matrix.rows]


def _cell_groups(matrix: Matrix, row: Row, may_assess: bool) -> Iterator[CellGroup]:
    # A person who is not on the roadmap has no page on it.
    is_default = not matrix.roadmaps or matrix.roadmap == matrix.roadmaps[0].slug
    roadmap = "" if is_default or not row.is_enrolled else matrix.roadmap
    person_url = f"/teams/{matrix.slug or row.teams[0].slug}/people/{row.id}"
    links = PersonLinks(person_url, roadmap, may_assess)
    for is_absent, groups in groupby(
        matrix.page_groups, lambda group: group.kind.needs_enrollment and not row.is_enrolled
    ):
        if is_absent:
            # One cell replaces all columns that need enrollment.
            yield "not_enrolled", [(links.person_url, sum(len(columns) for _, columns in groups))]
            continue
        for kind, columns in groups:
            yield kind.macro, [column.cell(row, matrix, links) for column in columns]


def sort_links(matrix: Matrix, query: MatrixQuery) -> dict[str, tuple[str, str, str]]:
    """Return the query string and the order that sort by each column, and its `aria-sort`."""
    links = {}
    for key, column in matrix.sorts.items():
        order, now_sorted = column.first_order, ""
        if key == query.sort:
            now_sorted = "ascending" if query.order == "asc" else "descending"
            order = "desc" if query.order == "asc" else "asc"
        encoded = _encode(query, key, "" if order == column.first_order else order)
        links[key] = encoded, order, now_sorted
    return links


def query_string(matrix: Matrix, query: MatrixQuery) -> str:
    """Return the query string of this view, without default values."""
    is_default = query.sort == "name" and query.order == "asc"
    order = "" if query.order == matrix.sorts[query.sort].first_order else query.order
    return _encode(query, "" if is_default else query.sort, order)


def _encode(query: MatrixQuery, sort: str, order: str) -> str:
    values = asdict(replace(query, sort=sort, order=order))
    encoded = urlencode({name: value for name, value in values.items() if value})
    return f"?{encoded}" if encoded else ""
