"""A stage of the roadmap: the claimed, evidenced and verified shares of its effort."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

from annotated_types import Interval
from typing_extensions import TypedDict

from roadmap.core.i18n import _, _l
from roadmap.readiness.tally import TONES
from roadmap.teams.matrix import Column, Matrix, PersonLinks, Row, percent

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

Share = Annotated[float, Interval(ge=0, le=1)]


class Cell(TypedDict):
    claimed: Share
    evidenced: Share
    verified: Share


class StageColumn(Column):
    kind = macro = "stages"
    heading = _l("Stages")
    needs_enrollment = True
    api_fields = {"stages": dict[str, Cell]}

    @classmethod
    def for_content(cls, content: Content | None) -> tuple[Self, ...]:
        return tuple(cls(stage.key, stage.title) for stage in content.stages) if content else ()

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> tuple[Any, ...]:
        shares = row.stages.get(self.key)
        if shares is None:
            return "", "", 0, 0, 0
        percents = {tone: percent(shares[tone]) for tone in TONES}
        # The label starts with the figures in the order of the page, because people who use voice
        # control name a link by its visible text.
        label = f"{row.name}, {self.title}: {self._label % percents}"
        return links.stage(self.key), label, *percents.values()

    @cached_property
    def _label(self) -> str:
        return _("%(verified)s %(evidenced)s %(claimed)s%% verified, evidenced, claimed")

    def sort_key(self, row: Row) -> tuple[float, ...] | None:
        """Sort by the verified share first."""
        shares = row.stages.get(self.key)
        return tuple(shares[tone] for tone in reversed(TONES)) if shares else None

    def export_header(self) -> tuple[str, ...]:
        return (
            _("%(stage)s: verified %%", stage=self.title),
            _("%(stage)s: evidenced %%", stage=self.title),
            _("%(stage)s: claimed %%", stage=self.title),
        )

    def export_values(self, row: Row) -> tuple[Any, ...]:
        shares = row.stages.get(self.key)
        return tuple(percent(shares[tone]) if shares else None for tone in reversed(TONES))

    def api_values(self, row: Row) -> tuple[Any, ...]:
        shares = row.stages.get(self.key)
        return ({tone: shares[tone] if shares else 0.0 for tone in TONES},)
