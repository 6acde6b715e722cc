"""View models of the map and table of pay by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roadmap.market.rules import Pay, PaySeries, level_ranges, pay_levels

if TYPE_CHECKING:
    from roadmap.market.content import Market, State


@dataclass(frozen=True, slots=True)
class StateTable:
    """A pay series with the states as a sorted list and as rows of map tiles.

    `levels` maps state codes to quintiles, `ranges` has the lowest and highest pay of each one.
    """

    series: PaySeries
    states: Sequence[State]
    tiles: Sequence[Sequence[State | None]]
    levels: Mapping[str, int]
    ranges: Mapping[int, tuple[int, int]]
    is_sorted_by_pay: bool

    @classmethod
    def of(cls, content: Market, series: PaySeries, *, sort_by_pay: bool) -> StateTable:
        squares = {state.tile: state for state in content.states}
        height, width = (max(tile[axis] for tile in squares) + 1 for axis in (0, 1))

        def highest_first(state: State) -> tuple[int, bool]:
            pay = series.pay.get(state.code, Pay(None))
            return -(pay.amount or 0), not pay.is_ceiling

        states = sorted(content.states, key=lambda state: state.name)
        return cls(
            series,
            sorted(states, key=highest_first) if sort_by_pay else states,
            [[squares.get((y, x)) for x in range(width)] for y in range(height)],
            pay_levels(series.pay),
            level_ranges(series.pay),
            sort_by_pay,
        )

    @property
    def ceiling_level(self) -> int | None:
        """Return the quintile of pay that is only known to be at or above a ceiling."""
        found = (code for code, pay in self.series.pay.items() if pay.is_ceiling)
        return next((self.levels[code] for code in found), None)

    @property
    def has_jobs(self) -> bool:
        return any(pay.jobs is not None for pay in self.series.pay.values())

    @property
    def covers_all_states(self) -> bool:
        return all(state.code in self.series.pay for state in self.states)
