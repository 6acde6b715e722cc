"""A stage of the roadmap: how much of its effort is claimed, evidenced and verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

from annotated_types import Interval
from flask_babel import lazy_gettext as _l
from typing_extensions import TypedDict

from roadmap.core.i18n import gettext as _
from roadmap.teams.matrix import EMPTY_STAGE, Column, Matrix, PersonLinks, Row, percent

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

Share = Annotated[float, Interval(ge=0, le=1)]


class Cell(TypedDict):
    claimed: Share
    evidenced: Share
    verified: Share


class StageMeter(NamedTuple):
    """The cell of a stage, in whole percent."""

    url: str
    label: str
    claimed: int
    evidenced: int
    verified: int


NO_METER = StageMeter("", "", 0, 0, 0)


class StageColumn(Column):
    kind = macro = "stages"
    heading = _l("Stages")
    needs_enrollment = True
    api_fields = {"stages": dict[str, Cell]}

    @classmethod
    def for_content(cls, content: Content | None) -> tuple[Self, ...]:
        return tuple(cls(stage.key, stage.title) for stage in content.stages) if content else ()

    def value(self, row: Row) -> tuple[int, int, int] | None:
        """Return how much is claimed, evidenced and verified, in whole percent."""
        cell = row.stages.get(self.key)
        if cell is None:
            return None
        return percent(cell.claimed), percent(cell.evidenced), percent(cell.verified)

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> StageMeter:
        value = self.value(row)
        if value is None:
            return NO_METER
        claimed, evidenced, verified = value
        # The label begins with the figures in the order of the page: people who use voice control
        # find a link by what they see.
        label = self._label % {"claimed": claimed, "evidenced": evidenced, "verified": verified}
        return StageMeter(links.stage(self.key), f"{row.name}, {self.title}: {label}", *value)

    @cached_property
    def _label(self) -> str:
        return _("%(verified)s %(evidenced)s %(claimed)s %% verified, evidenced, claimed")

    def sort_key(self, row: Row) -> tuple[float, ...] | None:
        """Sort by what is proven first."""
        cell = row.stages.get(self.key)
        return (cell.verified, cell.evidenced, cell.claimed) if cell else None

    def export_header(self) -> Sequence[str]:
        return (
            _("%(stage)s: claimed %%", stage=self.title),
            _("%(stage)s: evidenced %%", stage=self.title),
            _("%(stage)s: verified %%", stage=self.title),
        )

    def export_values(self, row: Row) -> Sequence[Any]:
        return self.value(row) or (None, None, None)

    @classmethod
    def api_values(cls, columns: Sequence[Self], row: Row) -> dict[str, Any]:
        return {
            "stages": {
                column.key: asdict(row.stages.get(column.key, EMPTY_STAGE)) for column in columns
            }
        }
