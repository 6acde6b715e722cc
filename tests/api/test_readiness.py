"""GET /me/readiness."""

from __future__ import annotations

import pytest

from tests.api.conftest import MILESTONE, SLUG, ApiClientOf
from tests.support.api_client import ApiClient

PATH = "/me/readiness"


def test_it_works(alice: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    alice.put(f"/me/roadmaps/{SLUG}/milestones/{MILESTONE}", {"status": "done"})
    found = alice.get(PATH).get_json()
    assert found["roadmap"] == SLUG
    assert found["score"] > 0
    assert found["score"] == pytest.approx(sum(part["points"] for part in found["parts"]), abs=1e-3)
    assert [part["key"] for part in found["parts"]] == [
        *("milestones", "skills", "evidence", "impact", "background")
    ]
    (item,) = found["items"]
    assert (item["type"], item["key"]) == ("milestone", MILESTONE)
    assert item["effect"] > 0
    assert {"key", "passed", "reason"} <= found["gates"][0].keys()
    assert {"action", "target", "gain", "hours", "opens_gate"} <= found["next_steps"][0].keys()
    assert alice.get(f"{PATH}?roadmap={SLUG}").get_json() == found


def test_it_needs_a_token(api_client_of: ApiClientOf) -> None:
    assert api_client_of().get(PATH).status_code == 401


def test_who_is_on_no_roadmap(alice: ApiClient) -> None:
    anywhere, there = alice.get(PATH), alice.get(f"{PATH}?roadmap={SLUG}")
    assert (anywhere.status_code, there.status_code) == (404, 404)
    assert "PUT /me/roadmaps/{slug}" in anywhere.get_json()["detail"]
    assert f"PUT /me/roadmaps/{SLUG}" in there.get_json()["detail"]


def test_it_rejects_bad_input(alice: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    assert alice.get(f"{PATH}?roadmap=none").status_code == 404
    assert alice.get(f"{PATH}?roadmap=No+slug").status_code == 422
    assert alice.get(f"{PATH}?roadmap=a%00b").status_code == 400


def test_what_would_follow_if_some_things_came_true(alice: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    now = alice.get(PATH).get_json()
    assert now["what_if"]["score"] is None
    (first, *_) = now["what_if"]["choices"]
    found = alice.get(f"{PATH}?if={first['key']},assessed:mlops,verified:nobody").get_json()
    supposed = found["what_if"]
    assert found | {"what_if": None} == now | {"what_if": None}
    assert (supposed["chosen"], supposed["ignored"]) == ([first["key"], "assessed:mlops"], 1)
    assert supposed["score"] > now["score"] + first["gain"]
    assert (supposed["verdict"], supposed["gates_passed"]) == ("setting_out", [])
    assert alice.get(f"{PATH}?if={'x' * 2_001}").status_code == 422
