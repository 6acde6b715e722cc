"""The requested page of a list, parsed from the URL."""

from __future__ import annotations

import pytest
from flask import Flask

from roadmap.core.web import MAX_PAGE, page_number
from tests.support.cast import Cast

PAGES = {
    "": 1, "1": 1, "7": 7, "0012": 12, str(MAX_PAGE): MAX_PAGE,
    # Invalid numbers, and spellings that only Python accepts.
    "x": 1, "2x": 1, "1.5": 1, "\u0662": 1, "\u00b2": 1, "1_0": 1, " 2 ": 1, "+2": 1,
    "0": 1, "-1": 1, "-99999999999": 1, "0" * 6000: 1,
    # Above the maximum, and above what Python or a database can parse.
    str(MAX_PAGE + 1): MAX_PAGE, "9" * 20: MAX_PAGE, "9" * 6000: MAX_PAGE,
}  # fmt: skip


@pytest.mark.parametrize(("asked", "page"), PAGES.items(), ids=lambda value: str(value)[:12])
def test_page_number_is_parsed_and_limited(asked: str, page: int) -> None:
    with Flask("pages").test_request_context(query_string={"page": asked}):
        assert page_number() == page


def test_page_number_defaults_to_1() -> None:
    with Flask("pages").test_request_context():
        assert page_number() == 1


@pytest.mark.parametrize("asked", ["x", "-1", "9" * 6000, "\u0662"])
def test_every_list_accepts_invalid_page_numbers(asked: str, cast: Cast, browser_of) -> None:
    pages = {
        cast.alice: ("/evidence", "/notifications", "/skills/mlops"),
        cast.bob: ("/reviews", f"/teams/ranking/people/{cast.alice}/skills/mlops"),
        cast.erin: ("/admin/people",),
    }
    for person, paths in pages.items():
        for path in paths:
            assert browser_of(person).get(path, query_string={"page": asked}).status_code == 200
