"""Export formats of the matrix, with the rows and figures of the page.

To add a format, write a function that converts a sheet to bytes and add it to `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask_babel import LazyString

from roadmap.core.i18n import _, _l
from roadmap.core.tables import Sheet, to_csv, to_xlsx
from roadmap.teams.matrix import Matrix


class Format(NamedTuple):
    title: LazyString
    mimetype: str
    render: Callable[[Sheet], bytes]


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: dict[str, Format] = {
    "csv": Format(_l("CSV"), "text/csv", to_csv),
    "xlsx": Format(_l("Excel"), XLSX, to_xlsx),
}
"""Every format by its key in `/teams/<slug>/export/<format>`, which is also its extension."""


def build_sheet(matrix: Matrix) -> Sheet:
    """Return the rows in order: shares in whole percent, levels from 0 to 4."""
    columns = list(matrix.columns)
    return Sheet(
        matrix.roadmap_title or _("Matrix"),
        [title for column in columns for title in column.export_header()],
        [[each for column in columns for each in column.export_values(row)] for row in matrix.rows],
    )
