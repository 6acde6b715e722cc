"""Ask for verified evidence that is spread over months, and recent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from roadmap.readiness.calendar_years import months_later
from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message

if TYPE_CHECKING:
    from roadmap.catalog.gates import SustainedGate
    from roadmap.readiness.tally import Tally


@dataclass(frozen=True)
class Sustained(GateRule):
    """Verified evidence for a stage that is spread over months and not long ago."""

    settings: SustainedGate

    def check(self, tally: Tally) -> GateResult:
        dates = tally.dates_confirmed_for(self.settings.stage)
        title = tally.stage_title(self.settings.stage)
        if not dates:
            return self._not_passed(
                Message(
                    N_("No verified evidence is confirmed for done milestones of “%(stage)s”"),
                    {"stage": title},
                ),
                self._opens(title),
            )
        months = len({(day.year, day.month) for day in dates})
        span = (dates[-1] - dates[0]).days
        values: dict[str, str | int | float | date | Message] = {
            "stage": title,
            "months": months,
            "days": span,
            "last": dates[-1],
        }
        reason = Message(
            N_(
                "Verified evidence for “%(stage)s” from %(months)s different months, over "
                "%(days)s days, the latest from %(last)s"
            ),
            values,
        )
        recent = tally.today <= self._recent_until(dates)
        if months >= self.settings.months and span >= self.settings.span_days and recent:
            return self._passed(reason)
        if not recent:
            reason = Message(
                N_("The latest verified evidence for “%(stage)s” is from %(last)s, too long ago"),
                {"stage": title, "last": dates[-1]},
            )
        return self._not_passed(reason, self._opens(title))

    def next_change_on(self, tally: Tally) -> date | None:
        dates = tally.dates_confirmed_for(self.settings.stage)
        if not dates or tally.today > (until := self._recent_until(dates)) or until == date.max:
            return None
        return until + timedelta(days=1)

    def _recent_until(self, dates: list[date]) -> date:
        return months_later(dates[-1], self.settings.within_months)

    def _opens(self, title: str) -> Message:
        return Message(
            N_(
                "To pass: verified evidence for “%(stage)s” from %(months)s different "
                "months, first to last at least %(days)s days, the last within %(within)s "
                "months"
            ),
            {
                "stage": title,
                "months": self.settings.months,
                "days": self.settings.span_days,
                "within": self.settings.within_months,
            },
        )
