"""Which wages by state are shown, and the quintile of each state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roadmap.market.rules import LEVELS, Pay, PaySeries, choose_series, level_ranges, pay_levels

A, B = "15-2051", "15-1221"
AMOUNTS = st.none() | st.integers(0, 300_000)
PAY = st.dictionaries(st.text("ABCDEF", min_size=2, max_size=2), st.builds(Pay, AMOUNTS))


def series(soc: str, year: int, measure: str = "mean", **more: object) -> PaySeries:
    return PaySeries(soc, measure, year, "USD", {}, "source", **more)


def chosen_series(
    bundled: list[PaySeries], imported: list[PaySeries]
) -> list[tuple[str, int, str]]:
    found = choose_series(bundled, imported, [A, B])
    return [(each.soc, each.year, each.measure) for each in found]


def test_complete_series_precedes_a_newer_partial_one():
    bundled = [series(A, 2024, "median", is_partial=True), series(A, 2021)]
    assert chosen_series(bundled, []) == [(A, 2021, "mean"), (A, 2024, "median")]


def test_import_replaces_shipped_series_up_to_its_year():
    bundled = [series(A, 2021), series(A, 2024, "median", is_partial=True), series(B, 2021)]
    imported = [series(A, 2024, "mean"), series(A, 2024, "median")]
    assert chosen_series(bundled, imported) == [
        (A, 2024, "median"),
        (A, 2024, "mean"),
        (B, 2021, "mean"),
    ]


def test_older_import_keeps_a_newer_shipped_series():
    bundled = [series(A, 2024, "median", is_partial=True)]
    assert chosen_series(bundled, [series(A, 2022)]) == [(A, 2022, "mean"), (A, 2024, "median")]


def test_imports_are_ordered_newest_first():
    imported = [series(B, 2025), series(A, 2023), series(A, 2025)]
    assert chosen_series([], imported) == [(A, 2025, "mean"), (B, 2025, "mean"), (A, 2023, "mean")]


def test_states_are_divided_evenly_into_five_levels():
    pay = {f"S{number}": Pay(1_000 * number) for number in range(10)}
    assert list(pay_levels(pay).values()) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert level_ranges(pay)[2] == (2_000, 3_000)


def test_ceiling_wages_are_in_the_highest_level():
    pay = {f"S{number}": Pay(239_200, is_ceiling=True) for number in range(4)}
    assert set(pay_levels(pay | {"AA": Pay(90_000)}).values()) == {1, LEVELS}


@given(PAY)
def test_pay_levels_follow_the_order_of_amounts(pay):
    levels = pay_levels(pay)
    assert levels.keys() == {state for state, each in pay.items() if each.amount is not None}
    assert all(1 <= level <= LEVELS for level in levels.values())
    for one, level in levels.items():
        for other, other_level in levels.items():
            if pay[one].amount == pay[other].amount:
                assert level == other_level
            elif pay[one].amount < pay[other].amount:
                assert level <= other_level


@given(PAY)
def test_level_ranges_contain_their_amounts_without_overlap(pay):
    ranges, levels = level_ranges(pay), pay_levels(pay)
    assert ranges.keys() == set(levels.values())
    for state, level in levels.items():
        low, high = ranges[level]
        assert low <= pay[state].amount <= high
    ends = [end for pair in ranges.values() for end in pair]
    assert ends == sorted(ends)
