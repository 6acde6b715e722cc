"""GET and POST /me/evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import MILESTONE, PIECE
from tests.support.api_client import BASE, ApiClient

PATH = "/me/evidence"
FULL = {
    **PIECE,
    "description": "The *decision*.",
    "role": "Author",
    "visibility": "team",
    "issuer": "",
    "issued_on": None,
    "expires_on": "2031-01-01",
    "milestones": [MILESTONE, "external-conference-talk"],
    "skills": ["mlops", "communication"],
    "impacts": [
        {
            "type": "scale",
            "metric": "p99 latency",
            "baseline": "240",
            "result": "90",
            "unit": "ms",
            "source_url": "https://example.org/graph",
        }
    ],
}


def test_evidence_is_created_and_listed(alice: ApiClient) -> None:
    response = alice.post(PATH, FULL)
    assert response.status_code == 201
    made = response.get_json()
    assert response.headers["Location"] == f"{BASE}{PATH}/{made['id']}"
    assert {name: made[name] for name in FULL if name != "skills"} == {
        name: value for name, value in FULL.items() if name != "skills"
    }
    assert made["skills"] == ["communication", "mlops"]
    assert (made["review_state"], made["version"], made["confirmed"]) == ("draft", 1, [])
    listed = alice.get(PATH).get_json()
    assert listed == {"items": [made], "next_cursor": None}


def test_optional_fields_have_defaults(alice: ApiClient) -> None:
    made = alice.post(PATH, {**PIECE, "milestones": []}).get_json()
    assert made["visibility"] == "portfolio"
    assert (made["milestones"], made["skills"], made["impacts"]) == ([], [], [])
    assert (made["description"], made["expires_on"]) == ("", None)
    nulls = dict.fromkeys(("description", "role", "issuer", "milestones", "skills", "impacts"))
    assert alice.post(PATH, {**PIECE, **nulls}).status_code == 201


def test_list_contains_own_evidence_only(make_evidence: Callable[..., Any], bob: ApiClient) -> None:
    make_evidence()
    assert bob.get(PATH).get_json()["items"] == []


@pytest.mark.parametrize("date", ["2026-03-31", "2026-03", "2025", "2024-02-29", "1950"])
def test_partial_dates_keep_their_precision(make_evidence: Callable[..., Any], date: str) -> None:
    made = make_evidence(occurred_on=date, issued_on=date, expires_on=date)
    assert {made["occurred_on"], made["issued_on"], made["expires_on"]} == {date}


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"kind": "essay"}, ["kind"]),
        ({"kind": None}, ["kind"]),
        ({"title": ""}, ["title"]),
        ({"title": " \t\n"}, ["title"]),
        ({"title": "x" * 201}, ["title"]),
        ({"title": ["x"]}, ["title"]),
        ({"occurred_on": "2999-01-01"}, ["occurred_on"]),
        ({"occurred_on": "1949-12-31"}, ["occurred_on"]),
        ({"occurred_on": "0000-01-01"}, ["occurred_on"]),
        ({"occurred_on": "2026-02-30"}, ["occurred_on"]),
        ({"occurred_on": "2026-2"}, ["occurred_on"]),
        ({"occurred_on": "Mar 2026"}, ["occurred_on"]),
        ({"occurred_on": "2999"}, ["occurred_on"]),
        ({"occurred_on": 1}, ["occurred_on"]),
        ({"occurred_on": 2026}, ["occurred_on"]),
        ({"url": "javascript:alert(1)"}, ["url"]),
        ({"url": ""}, ["url"]),
        ({"visibility": "public"}, ["visibility"]),
        ({"expires_on": "2026-01-01"}, ["expires_on"]),
        ({"milestones": ["no-such-milestone"]}, ["milestones"]),
        ({"milestones": ["a\x00b"]}, ["milestones.0"]),
        ({"milestones": ["a"] * 6}, ["milestones"]),
        ({"milestones": "mlops"}, ["milestones"]),
        ({"skills": ["juggling"]}, ["skills"]),
        ({"impacts": [{"type": "scale", "metric": " "}]}, ["impacts.0.metric"]),
        ({"impacts": [{"type": "fame", "metric": "x"}]}, ["impacts.0.type"]),
        (
            {"impacts": [{"type": "team", "metric": "x", "source_url": "ftp://x"}]},
            ["impacts.0.source_url"],
        ),
        (
            {"impacts": [{"type": "team", "metric": "x", "baseline": "slow", "result": "fast"}]},
            ["impacts.0.baseline", "impacts.0.result"],
        ),
        ({"impacts": [{"type": "team", "metric": "x"}] * 7}, ["impacts"]),
        ({"id": "018f0000-0000-7000-8000-000000000000"}, ["id"]),
        ({"review_state": "verified"}, ["review_state"]),
    ],
    ids=[
        "unknown kind",
        "null kind",
        "empty title",
        "blank title",
        "long title",
        "title as list",
        "future date",
        "early date",
        "year zero",
        "february 30",
        "short month",
        "month name",
        "future year",
        "date as number",
        "year as number",
        "javascript url",
        "empty url",
        "unknown visibility",
        "expiry before date",
        "unknown milestone",
        "nul in milestone",
        "too many milestones",
        "milestones as string",
        "unknown skill",
        "blank metric",
        "unknown impact type",
        "ftp source",
        "impact values as words",
        "too many impacts",
        "id",
        "review state",
    ],
)
def test_invalid_evidence_is_rejected(
    more: dict[str, Any], fields: list[str], alice: ApiClient
) -> None:
    response = alice.post(PATH, {**PIECE, **more})
    assert response.status_code == 422, response.text
    problem = response.get_json()
    assert list(problem["errors"]) == fields
    assert all(text for texts in problem["errors"].values() for text in texts)
    assert alice.get(PATH).get_json()["items"] == []


def test_text_is_normalized_as_on_the_pages(alice: ApiClient) -> None:
    made = alice.post(
        PATH, {**PIECE, "title": " A\x00 design\n document ", "description": " one\ntwo\x00 "}
    ).get_json()
    assert (made["title"], made["description"]) == ("A design document", "one\ntwo")


def test_list_is_paginated(make_evidence: Callable[..., Any], alice: ApiClient) -> None:
    made = [make_evidence(title=f"Piece {number}")["id"] for number in range(5)]
    seen, cursor, parts = [], "", 0
    while parts < 9:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        part = alice.get(PATH + query).get_json()
        seen += [each["id"] for each in part["items"]]
        parts, cursor = parts + 1, part["next_cursor"]
        if cursor is None:
            break
    assert parts == 3
    assert seen == made[::-1]


def test_cursor_stays_valid_when_evidence_is_added(
    make_evidence: Callable[..., Any], alice: ApiClient
) -> None:
    old = [make_evidence(title=f"Piece {number}")["id"] for number in range(3)]
    cursor = alice.get(f"{PATH}?limit=1").get_json()["next_cursor"]
    make_evidence(title="Newer")
    rest = alice.get(f"{PATH}?cursor={cursor}").get_json()
    assert [each["id"] for each in rest["items"]] == [old[1], old[0]]


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("0", "This must be at least 1."),
        ("-1", "This must be at least 1."),
        ("-99999999999", "This must be at least 1."),
        ("201", "This must be at most 200."),
        ("9" * 30, "This must be at most 200."),
        ("two", "This is not a whole number."),
        ("1.0", "This is not a whole number."),
        ("1.5", "This is not a whole number."),
        ("1e1", "This is not a whole number."),
        ("", "This is not a whole number."),
        ("\u0661", "This is not a whole number."),
        ("1&limit=2", "Give this only once."),
    ],
    ids=[
        "zero",
        "negative",
        "large negative",
        "too large",
        "huge",
        "word",
        "decimal zero",
        "decimal",
        "exponent",
        "empty",
        "arabic digit",
        "repeated",
    ],
)
def test_invalid_limit_is_rejected(limit: str, message: str, alice: ApiClient) -> None:
    response = alice.get(f"{PATH}?limit={limit}")
    assert response.status_code == 422
    assert response.get_json()["errors"] == {"limit": [message]}


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "A" * 201,
        "\u00e9",
        # base64 of "2026-01-01\nx", a time without time zone
        "MjAyNi0wMS0wMQp4",
    ],
    ids=["short", "long", "not ascii", "time without time zone"],
)
def test_invalid_cursor_is_rejected(cursor: str, alice: ApiClient) -> None:
    response = alice.get(f"{PATH}?cursor={cursor}")
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == ["cursor"]


def test_statement_count_does_not_grow_with_the_list(
    make_evidence: Callable[..., Any], alice: ApiClient, statements
) -> None:
    def count_statements() -> int:
        with statements() as seen:
            alice.get(PATH)
        return len(seen)

    for number in range(2):
        make_evidence(title=f"Piece {number}", milestones=[MILESTONE], skills=["mlops"])
    alice.get(PATH)
    before = count_statements()
    for number in range(4):
        make_evidence(title=f"Piece {number}", milestones=[MILESTONE], skills=["mlops"])
    assert count_statements() == before


def test_created_at_is_utc_and_in_creation_order(
    alice: ApiClient, make_evidence: Callable[..., Any]
) -> None:
    first, second = make_evidence(title="First"), make_evidence(title="Second")
    times = [dt.datetime.fromisoformat(each["created_at"]) for each in (first, second)]
    assert times == sorted(times)
    assert all(time.utcoffset() == dt.timedelta(0) for time in times)
