"""Addresses are built as werkzeug builds them, and compiled when they are first asked for."""

from __future__ import annotations

import pytest
from werkzeug.routing import Map, Rule

from roadmap.core.routing import LazyRule

RULES = {
    "list": "/things/",
    "thing": "/things/<int:number>",
    "part": "/things/<int:number>/<path:part>",
}


def address(rule_class: type[Rule], endpoint: str, values: dict[str, object]) -> str:
    rules = Map([rule_class(path, endpoint=name) for name, path in RULES.items()])
    return rules.bind("localhost").build(endpoint, values)


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("list", {}),
        ("list", {"page": 2, "rule": "ä b"}),
        ("thing", {"number": 7}),
        ("part", {"number": 7, "part": "a/ü?", "q": "x&y"}),
    ],
)
def test_an_address_is_what_werkzeug_makes_of_it(endpoint: str, values: dict[str, object]) -> None:
    assert address(LazyRule, endpoint, values) == address(Rule, endpoint, values)


def test_a_rule_is_compiled_once_and_by_its_first_address() -> None:
    rule = LazyRule("/things/<int:number>", endpoint="thing")
    bound = Map([rule]).bind("localhost")
    waiting = rule._build_unknown
    assert bound.build("thing", {"number": 1}) == "/things/1"
    compiled = rule._build_unknown
    assert compiled is not waiting
    assert bound.build("thing", {"number": 2}) == "/things/2"
    assert rule._build_unknown is compiled
