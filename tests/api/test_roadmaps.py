"""GET /roadmaps and /roadmaps/{slug}: the roadmap content."""

from __future__ import annotations

from tests.api.conftest import MILESTONE, SLUG, ApiClientOf
from tests.support.api_client import ApiClient


def test_it_works(alice: ApiClient) -> None:
    found = alice.get("/roadmaps").get_json()
    assert found["next_cursor"] is None
    (line,) = (each for each in found["items"] if each["slug"] == SLUG)
    roadmap = alice.get(f"/roadmaps/{SLUG}").get_json()
    assert (roadmap["title"], roadmap["revision"]) == (line["title"], line["revision"])
    assert [stage["key"] for stage in roadmap["stages"]] == [
        *("foundations", "experience", "education", "leadership", "visibility")
    ]
    milestones = {
        milestone["key"]: milestone
        for stage in roadmap["stages"]
        for objective in stage["objectives"]
        for milestone in objective["milestones"]
    }
    assert len(milestones) == line["milestones"]
    assert {"title", "done_when", "hours", "required"} <= milestones[MILESTONE].keys()
    assert len(roadmap["skills"]) == 8
    assert all(len(skill["levels"]) == 5 for skill in roadmap["skills"])


def test_it_needs_a_token(api_client_of: ApiClientOf) -> None:
    assert api_client_of().get("/roadmaps").status_code == 401
    assert api_client_of().get(f"/roadmaps/{SLUG}").status_code == 401


def test_an_unknown_roadmap(alice: ApiClient) -> None:
    answer = alice.get("/roadmaps/none")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
