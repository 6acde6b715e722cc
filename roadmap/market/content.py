"""Model of the bundled market figures, each with its year and source."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from roadmap.catalog.field_types import (
    Flag,
    Key,
    Model,
    Problem,
    Unique,
    find_duplicate_keys,
    raise_problems,
)
from roadmap.catalog.files import read_as
from roadmap.catalog.sources import CitingContent, Source

FILE = Path(__file__).parent / "content" / "market.yaml"

Line = Annotated[str, Field(min_length=2, max_length=200)]
Note = Annotated[str, Field(max_length=600)]
SocCode = Annotated[str, Field(pattern=r"^\d\d-\d{4}$")]
StateCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Year = Annotated[int, Field(strict=True, ge=2000, le=2100)]
Amount = Annotated[int, Field(strict=True, ge=0, le=9_999_999)]
Url = Annotated[str, Field(pattern="^https://", max_length=300)]
Place = Annotated[int, Field(strict=True, ge=0, le=19)]
Measure = Literal["median", "mean"]


class Origin(Model):
    """The guide on which the content is based."""

    title: Line
    publisher: Line
    author: Line
    author_background: Line
    year: Year
    data_sources: tuple[Line, ...]


class Occupation(Model):
    """A code of the Standard Occupational Classification."""

    soc: SocCode
    title: Line
    label: Line
    explanation: Note
    used_by_guide: Flag = False


class MarketSource(Source):
    """The publication of some figures. `read_at` is the URL of the copy that was read, if any."""

    published: Annotated[str, Field(pattern=r"^\d{4}(-\d\d){0,2}$")] = ""
    read_at: Url | None = None
    note: Note = ""


class Figure(Model):
    """A figure for a period of a year: a value, a range, or an open range (`bound`)."""

    key: Key
    topic: Literal["pay", "outlook"]
    soc: SocCode | None = None
    who: Line
    what: Line
    value: Annotated[float, Field(ge=0)] | None = None
    low: Amount | None = None
    high: Amount | None = None
    bound: Literal["above", "below"] | None = None
    currency: Currency | None = None
    unit: Literal["percent"] | None = None
    year: Year
    period: Line | None = None
    source: Key
    superseded_by: Key | None = None
    secondary: Flag
    note: Note = ""

    @model_validator(mode="after")
    def _check_amount(self) -> Figure:
        shape = tuple(end is not None for end in (self.value, self.low, self.high))
        wanted = {"above": (False, True, False), "below": (False, False, True)}
        if self.bound is None:
            is_valid = shape in ((True, False, False), (False, True, True))
        else:
            is_valid = shape == wanted[self.bound]
        if not is_valid or (self.currency is None) == (self.unit is None):
            message = "needs a value, a range or an end of one, and a currency or a unit"
            raise_problems([Problem((), message)])
        return self

    @property
    def is_current(self) -> bool:
        return self.superseded_by is None


class Demand(Model):
    summary: Note
    year: Year
    source: Key
    employers: Annotated[tuple[Line, ...], Unique]


class EmployerStates(Model):
    """The states of the largest employers, in the order of the source."""

    year: Year
    source: Key
    states: Annotated[tuple[StateCode, ...], Unique]


class State(Model):
    """A state, or the District of Columbia.

    `fips` is its FIPS code, `tile` the row and column of its square on the map.
    """

    code: StateCode
    name: Line
    fips: Annotated[str, Field(pattern=r"^\d\d$")]
    tile: tuple[Place, Place]


class StatePay(Model):
    """Pay of one occupation by state. `partial` is set if the source lists only some states."""

    key: Key
    soc: SocCode
    what: Line
    measure: Measure
    currency: Currency
    year: Year
    period: Line
    source: Key
    secondary: Flag
    partial: Flag = False
    not_published: Annotated[tuple[StateCode, ...], Unique] = ()
    note: Note = ""
    values: dict[StateCode, Amount]


class Market(CitingContent):
    origin: Origin
    occupations: tuple[Occupation, ...]
    sources: tuple[MarketSource, ...]
    figures: tuple[Figure, ...]
    demand: Demand
    employer_states: EmployerStates
    states: tuple[State, ...]
    state_pay: tuple[StatePay, ...]

    def problems(self) -> Iterator[Problem]:
        yield from find_duplicate_keys(
            ("state", key, ("states", number))
            for number, state in enumerate(self.states)
            for key in (state.code, state.fips, f"tile {state.tile}")
        )
        states = {each.code for each in self.states}
        occupations = {None, *(each.soc for each in self.occupations)}
        figures = {None, *(each.key for each in self.figures)}
        for number, figure in enumerate(self.figures):
            if figure.soc not in occupations:
                yield Problem(("figures", number, "soc"), f"there is no occupation '{figure.soc}'")
            if figure.superseded_by not in figures:
                message = f"there is no figure '{figure.superseded_by}'"
                yield Problem(("figures", number, "superseded_by"), message)
        for number, pay in enumerate(self.state_pay):
            if pay.soc not in occupations:
                yield Problem(("state_pay", number, "soc"), f"there is no occupation '{pay.soc}'")
            named = {*pay.values, *pay.not_published}
            for code in sorted(named - states):
                yield Problem(("state_pay", number, "values"), f"there is no state '{code}'")
            if not pay.partial and named != states:
                message = "a state is missing: give its value or name it as not published"
                yield Problem(("state_pay", number, "values"), message)
        for code in set(self.employer_states.states) - states:
            yield Problem(("employer_states", "states"), f"there is no state '{code}'")

    def state(self, code: str) -> State:
        return next(each for each in self.states if each.code == code)

    def occupation(self, soc: str) -> Occupation:
        return next(each for each in self.occupations if each.soc == soc)


@cache
def market_content() -> Market:
    """Return the parsed content file, which is cached per process."""
    return read_as(FILE, Market)
