"""The day of the last activity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from roadmap.core.i18n import date_filter
from roadmap.core.i18n import gettext as _
from roadmap.teams.matrix import INACTIVE_DAYS, Column, Matrix, PersonLinks, Row

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


class LastActivityCell(NamedTuple):
    """`since` is empty unless the person has been inactive for `INACTIVE_DAYS`."""

    url: str
    day: str
    since: str


class LastActivityColumn(Column):
    kind = macro = "last_activity"
    css_class = "moved"
    first_order = "asc"
    api_fields = {"last_movement_on": dt.date | None}

    @classmethod
    def for_content(cls, content: Content | None) -> tuple[Self, ...]:
        return (cls("moved", _("Last activity")),)

    def value(self, row: Row) -> dt.date | None:
        return row.last_activity_on

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> LastActivityCell:
        days = row.days_inactive(matrix.today)
        return LastActivityCell(
            url=links.overview(),
            day=date_filter(row.last_activity_on) or _("nothing yet"),
            since=self._since % {"days": days} if days >= INACTIVE_DAYS else "",
        )

    @cached_property
    def _since(self) -> str:
        return _("%(days)s days ago")

    @classmethod
    def api_values(cls, columns: Sequence[Self], row: Row) -> dict[str, Any]:
        day = row.last_activity_on
        return {"last_movement_on": day.isoformat() if day else None}
