"""Pay by state as the map and the table print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roadmap.market.rules import Pay, PaySeries, level_ranges, pay_levels

if TYPE_CHECKING:
    from roadmap.market.content import Market


@dataclass(frozen=True, slots=True)
class StateRow:
    """A state, its pay where the source lists it, and the fifth it is in, 0 where unknown."""

    code: str
    name: str
    pay: Pay | None
    level: int
    has_large_employers: bool

    @property
    def amount(self) -> int | None:
        return self.pay.amount if self.pay else None


@dataclass(frozen=True, slots=True)
class StateTable:
    """One series as rows in their order, and as rows and columns of squares."""

    series: PaySeries
    rows: Sequence[StateRow]
    tiles: Sequence[Sequence[StateRow | None]]
    ranges: Mapping[int, tuple[int, int]]
    is_by_pay: bool

    @classmethod
    def of(cls, content: Market, series: PaySeries, *, by_pay: bool) -> StateTable:
        levels = pay_levels(series.pay)
        rows = {
            state.code: StateRow(
                state.code,
                state.name,
                series.pay.get(state.code),
                levels.get(state.code, 0),
                state.code in content.employer_states.states,
            )
            for state in content.states
        }
        squares = {state.tile: rows[state.code] for state in content.states}
        height, width = (max(tile[axis] for tile in squares) + 1 for axis in (0, 1))
        in_order = sorted(rows.values(), key=lambda row: row.name)
        if by_pay:
            in_order.sort(
                key=lambda row: (-(row.amount or 0), not (row.pay and row.pay.is_ceiling))
            )
        return cls(
            series,
            in_order,
            [[squares.get((y, x)) for x in range(width)] for y in range(height)],
            level_ranges(series.pay),
            by_pay,
        )

    @property
    def ceiling_level(self) -> int | None:
        """Return the fifth that holds a pay which is only known to be at or above its amount."""
        return next((row.level for row in self.rows if row.pay and row.pay.is_ceiling), None)

    @property
    def has_jobs(self) -> bool:
        return any(row.pay and row.pay.jobs is not None for row in self.rows)

    @property
    def is_whole(self) -> bool:
        return all(row.pay is not None for row in self.rows)
