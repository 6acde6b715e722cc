"""The readiness score with its verdict."""

from __future__ import annotations

from typing import Any

from roadmap.core.i18n import _, _l, points_filter
from roadmap.teams.labels import verdict_label
from roadmap.teams.matrix import CLAIMED_NOT_PROVEN, Column, Matrix, PersonLinks, Row, points


class ReadinessColumn(Column):
    kind = macro = css_class = "readiness"
    label = _l("Readiness")
    needs_enrollment = True
    api_fields = {"readiness": float | None, "verdict": str | None}

    def value(self, row: Row) -> float | None:
        """Return the displayed score, with one decimal."""
        return None if row.score is None else points(row.score)

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> tuple[Any, ...]:
        score, verdict = points_filter(self.value(row)), verdict_label(row.verdict)
        label = f"{row.name}: {score}, {verdict}"
        return links.overview(), label, score, verdict, row.verdict == CLAIMED_NOT_PROVEN

    def sort_key(self, row: Row) -> float | None:
        return row.score

    def export_header(self) -> tuple[str, ...]:
        return self.title, _("Verdict")

    def export_values(self, row: Row) -> tuple[Any, ...]:
        return self.value(row), verdict_label(row.verdict)

    def api_values(self, row: Row) -> tuple[Any, ...]:
        return row.score, row.verdict or None
