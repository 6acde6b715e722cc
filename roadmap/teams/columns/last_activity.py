"""The day of the last activity."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.core.i18n import _, _l, date_filter
from roadmap.teams.matrix import Column, Matrix, PersonLinks, Row


class LastActivityColumn(Column):
    kind = css_class = "moved"
    macro = "last_activity"
    label = _l("Last activity")
    first_order = "asc"
    api_fields = {"last_movement_on": dt.date | None}

    def value(self, row: Row) -> dt.date | None:
        return row.last_activity_on

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> tuple[Any, ...]:
        days = row.days_inactive(matrix.today)
        since = _("%(days)s days ago", days=days) if row.is_inactive(matrix.today) else ""
        return links.overview(), date_filter(row.last_activity_on) or _("nothing yet"), since

    def api_values(self, row: Row) -> tuple[Any, ...]:
        return (row.last_activity_on.isoformat() if row.last_activity_on else None,)
