"""The readiness score with its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import points_filter
from roadmap.teams.labels import verdict_label
from roadmap.teams.matrix import (
    CLAIMED_NOT_PROVEN,
    Column,
    Matrix,
    PersonLinks,
    Row,
    points,
)

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


class ReadinessCell(NamedTuple):
    url: str
    label: str
    score: str
    verdict: str
    is_doubted: bool


class ReadinessColumn(Column):
    kind = macro = "readiness"
    css_class = "readiness"
    needs_enrollment = True
    api_fields = {"readiness": float | None, "verdict": str | None}

    @classmethod
    def for_content(cls, content: Content | None) -> tuple[Self, ...]:
        return (cls("readiness", _("Readiness")),)

    def value(self, row: Row) -> float | None:
        """Return the score as it is shown, with one decimal."""
        return None if row.score is None else points(row.score)

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> ReadinessCell:
        score, verdict = points_filter(self.value(row)), verdict_label(row.verdict)
        return ReadinessCell(
            url=links.overview(),
            label=f"{row.name}: {score}, {verdict}",
            score=score,
            verdict=verdict,
            is_doubted=row.verdict == CLAIMED_NOT_PROVEN,
        )

    def sort_key(self, row: Row) -> float | None:
        return row.score

    def export_header(self) -> Sequence[str]:
        return self.title, _("Verdict")

    def export_values(self, row: Row) -> Sequence[Any]:
        return self.value(row), verdict_label(row.verdict)

    @classmethod
    def api_values(cls, columns: Sequence[Self], row: Row) -> dict[str, Any]:
        return {"readiness": row.score, "verdict": row.verdict or None}
