"""A gate that requires verified evidence for a stage, spread over months and recent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from roadmap.core.dates import months_later
from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message, ngettext_noop

if TYPE_CHECKING:
    from roadmap.catalog.gates import SustainedGate
    from roadmap.core.dates import PartialDate
    from roadmap.readiness.tally import Tally


def _months(num: int) -> Message:
    return Message(ngettext_noop("%(num)s month", "%(num)s different months"), num=num)


def _days(num: int) -> Message:
    return Message(ngettext_noop("%(num)s day", "%(num)s days"), num=num)


class Rule(GateRule):
    settings: SustainedGate

    def check(self, tally: Tally) -> GateResult:
        asked, dates = self.settings, tally.dates_confirmed_for(self.settings.stage)
        stage = tally.stage_title(asked.stage)
        passed = False
        if not dates:
            reason = Message(
                N_("No verified evidence is confirmed for done milestones of “%(stage)s”"),
                stage=stage,
            )
        elif tally.today > self._recent_until(dates):
            reason = Message(
                N_("The latest verified evidence for “%(stage)s” is from %(last)s, too long ago"),
                stage=stage,
                last=dates[-1],
            )
        else:
            # A piece counts for one month: the first, if only its year is known.
            months = len({(date.first.year, date.first.month) for date in dates})
            days = (min(dates[-1].last, tally.today) - min(dates).first).days
            passed = months >= asked.months and days >= asked.span_days
            reason = Message(
                N_(
                    "Verified evidence for “%(stage)s” from %(months)s, over %(days)s, the latest "
                    "from %(last)s"
                ),
                stage=stage,
                months=_months(months),
                days=_days(days),
                last=dates[-1],
            )
        opens = Message(
            N_(
                "To pass: verified evidence for “%(stage)s” from %(months)s, first to last at "
                "least %(days)s, the last within %(within)s"
            ),
            stage=stage,
            months=_months(asked.months),
            days=_days(asked.span_days),
            within=Message(
                ngettext_noop("%(num)s month", "%(num)s months"), num=asked.within_months
            ),
        )
        return self.result(reason, opens, passed=passed, place=("stage", asked.stage))

    def next_change_on(self, tally: Tally) -> date | None:
        dates = tally.dates_confirmed_for(self.settings.stage)
        if not dates or tally.today > (until := self._recent_until(dates)) or until == date.max:
            return None
        if dates[-1].last > tally.today:  # the span still grows every day
            return tally.today + timedelta(days=1)
        return until + timedelta(days=1)

    def _recent_until(self, dates: list[PartialDate]) -> date:
        return months_later(dates[-1].last, self.settings.within_months)
