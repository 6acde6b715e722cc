"""The matrix as a file, with the rows and figures of the page.

To add a format, write a function from a sheet to bytes and add it to `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from roadmap.core.i18n import gettext as _
from roadmap.core.tables import Sheet, to_csv, to_xlsx
from roadmap.teams.matrix import Matrix


@dataclass(frozen=True, slots=True)
class Format:
    """A file format of the matrix. `extension` is without its dot."""

    key: str
    title: LazyString
    mimetype: str
    extension: str
    render: Callable[[Sheet], bytes]


FORMATS: dict[str, Format] = {
    format_.key: format_
    for format_ in (
        Format("csv", _l("CSV"), "text/csv", "csv", to_csv),
        Format(
            "xlsx",
            _l("Excel"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            to_xlsx,
        ),
    )
}
"""Every format by its key in `/teams/<slug>/export/<format>`."""


def build_sheet(matrix: Matrix) -> Sheet:
    """Return the rows in their order: shares in whole percent, levels from 0 to 4."""
    columns = list(matrix.columns)
    return Sheet(
        _("Matrix"),
        [title for column in columns for title in column.export_header()],
        [
            [value for column in columns for value in column.export_values(row)]
            for row in matrix.rows
        ],
    )
