"""GET /me/readiness."""

from __future__ import annotations

import pytest

from tests.api.conftest import MILESTONE, SLUG
from tests.support.api_client import ApiClient

PATH = "/me/readiness"


def test_readiness_returns_score_parts_and_gates(alice: ApiClient) -> None:
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


def test_readiness_without_enrollment_is_not_found(alice: ApiClient) -> None:
    anywhere, there = alice.get(PATH), alice.get(f"{PATH}?roadmap={SLUG}")
    assert (anywhere.status_code, there.status_code) == (404, 404)
    assert "PUT /me/roadmaps/{slug}" in anywhere.get_json()["detail"]
    assert f"PUT /me/roadmaps/{SLUG}" in there.get_json()["detail"]


def test_invalid_roadmap_parameter_is_rejected(alice: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    assert alice.get(f"{PATH}?roadmap=none").status_code == 404
    assert alice.get(f"{PATH}?roadmap=No+slug").status_code == 422
    assert alice.get(f"{PATH}?roadmap=a%00b").status_code == 400


def test_what_if_returns_supposed_score(alice: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    before = alice.get(PATH).get_json()
    assert before["what_if"]["score"] is None
    (first, *_) = before["what_if"]["choices"]
    found = alice.get(f"{PATH}?if={first['key']},assessed:mlops,verified:nobody").get_json()
    what_if = found["what_if"]
    assert found | {"what_if": None} == before | {"what_if": None}
    assert (what_if["chosen"], what_if["ignored"]) == ([first["key"], "assessed:mlops"], 1)
    assert what_if["score"] > before["score"] + first["gain"]
    assert (what_if["verdict"], what_if["gates_passed"]) == ("setting_out", [])
    assert alice.get(f"{PATH}?if={'x' * 2_001}").status_code == 422
