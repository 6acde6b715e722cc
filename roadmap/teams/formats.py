"""The matrix as a file: what is on the screen, with the figures of the screen.

A new format is a function from a sheet to bytes, and one line in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from roadmap.core.i18n import gettext as _
from roadmap.core.tables import CellValue, Sheet, to_csv, to_xlsx
from roadmap.teams.labels import verdict_label
from roadmap.teams.matrix import Matrix, Row, percent, points


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a sheet. `extension` is without its dot."""

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
"""Every format by its key, as it stands in `/teams/<slug>/export/<format>`."""


def build_sheet(matrix: Matrix) -> Sheet:
    """The rows of a matrix as they are arranged: shares in whole percent, levels from 0 to 4."""
    header = [_("Name"), _("Team"), _("Readiness"), _("Verdict")]
    for stage in matrix.stages:
        named = {"stage": stage.title}
        header += [
            _("%(stage)s: claimed %%", **named),
            _("%(stage)s: evidenced %%", **named),
            _("%(stage)s: verified %%", **named),
        ]
    for skill in matrix.skills:
        named = {"skill": skill.title}
        header += [_("%(skill)s: self", **named), _("%(skill)s: manager", **named)]
    header.append(_("Last activity"))
    return Sheet(_("Matrix"), header, [_values(matrix, row) for row in matrix.rows])


def _values(matrix: Matrix, row: Row) -> list[CellValue]:
    values: list[CellValue] = [
        row.name,
        ", ".join(team.name for team in row.teams),
        None if row.score is None else points(row.score),
        verdict_label(row.verdict),
    ]
    for stage in matrix.stages:
        cell = row.stages.get(stage.key)
        shares = (cell.claimed, cell.evidenced, cell.verified) if cell else ()
        values += [percent(share) for share in shares] or [None] * 3
    for skill in matrix.skills:
        levels = row.skills.get(skill.key)
        values += [levels.own, levels.manager] if levels else [None] * 2
    values.append(row.last_activity_on)
    return values
