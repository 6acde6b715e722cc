"""The texts that take longest to read, in all fields of each form: an answer soon, and no fault."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest
from flask import Flask

from tests.support.route_manifest import CHANGES
from tests.support.snapshot import Snapshot

# Of processor time, which does not count what others do. An ordinary answer takes 10 ms.
SECONDS = 0.3

# Of all fields together: about what a form may hold once it is encoded.
LENGTH = 80_000

WORST = {
    "marks": "a" + "\u0315\u0300" * 40_000,
    "marks that decompose": "\u0f73" * 60_000,
    "table": "|a|\n|-|\n" + "|\n" * 90_000,
    "addresses": "www." * 50_000,
    "brackets": "![" * 100_000,
    "emphasis": "*a **b " * 25_000,
    "digits": "9" * 200_000,
}


@pytest.mark.parametrize("worst", WORST)
def test_the_worst_text_in_a_form_is_answered_soon(
    worst: str, app: Flask, snapshot: Snapshot
) -> None:
    ids, browser = snapshot.ids, snapshot.browsers(app)["alice"]
    seal = browser.csrf()
    wrong = []
    for change in CHANGES:
        if change.permission == "public" or change.rule == "/account/email":
            continue  # those that end the session, or count tries
        names = list(change.body(ids, "alice"))
        text = WORST[worst][: LENGTH // max(1, len(names))]
        began = time.thread_time()
        answer = browser.client.open(
            change.of(ids),
            method=change.method,
            data=urlencode(dict.fromkeys(names, text)),
            content_type="application/x-www-form-urlencoded",
            headers={"X-CSRFToken": seal},
        )
        took = time.thread_time() - began
        if answer.status_code >= 500 or took > SECONDS:
            wrong.append(f"{change.title}: {answer.status_code}, {took:.3f} s")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("worst", WORST)
def test_an_address_that_no_page_has_reads_no_form(worst: str, app: Flask) -> None:
    client = app.test_client()
    for text in (WORST[worst], WORST[worst].encode()):
        began = time.thread_time()
        answer = client.post("/nowhere", data={"text": text})
        assert answer.status_code in (400, 404)
        assert time.thread_time() - began < SECONDS
