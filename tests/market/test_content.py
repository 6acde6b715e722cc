"""The market content file is complete and consistent, and faulty files are rejected."""

from __future__ import annotations

import copy

import pytest
from pydantic import ValidationError

from roadmap.catalog.yaml_loader import YamlDocument
from roadmap.market.content import FILE, Market, market_content

DOCUMENT = YamlDocument(FILE.read_text("utf-8")).value


def test_figures_have_year_and_source():
    market = market_content()
    for each in (*market.figures, *market.state_pay):
        assert each.year >= 2021
        source = market.source_by_key[each.source]
        assert each.secondary == source.secondary
    assert {each.soc for each in market.occupations} == {"15-2051", "15-1221"}
    assert "not ML engineers" in market.occupation("15-2051").label


def test_map_has_a_distinct_tile_for_each_state():
    states = market_content().states
    assert len({state.tile for state in states}) == len(states) == 51
    assert max(column for _row, column in (state.tile for state in states)) == 10


def test_superseded_figure_names_a_newer_one():
    market = market_content()
    newer = {each.key: each for each in market.figures}
    for figure in market.figures:
        if figure.superseded_by:
            assert newer[figure.superseded_by].year > figure.year


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("figures", 0, "source"), "nowhere", "'nowhere' is not one of the sources"),
        (("figures", 0, "low"), None, "needs a value, a range or an end of one"),
        (("figures", 0, "currency"), None, "a currency or a unit"),
        (("figures", 0, "year"), 25, "greater than or equal to 2000"),
        (("figures", 1, "key"), "senior-base-pay", "is already used"),
        (("figures", 2, "soc"), "15-9999", "there is no occupation '15-9999'"),
        (("figures", 9, "superseded_by"), "none-such", "there is no figure 'none-such'"),
        (("sources", 1, "url"), "http://example.org", "should match pattern"),
        (("state_pay", 0, "not_published"), ["AR"], "a state is missing"),
        (("state_pay", 1, "values", "ZZ"), 1, "there is no state 'ZZ'"),
        (("states", 1, "tile"), [6, 6], "is already used"),
        (("employer_states", "states"), ["ZZ"], "there is no state 'ZZ'"),
        (("demand", "source"), "none-such", "is not one of the sources"),
        (("demand", "mood"), "good", "Extra inputs"),
    ],
    ids=str,
)
def test_invalid_content_is_rejected(path, value, message):
    document = copy.deepcopy(DOCUMENT)
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(ValidationError, match=message):
        Market.model_validate(document)
