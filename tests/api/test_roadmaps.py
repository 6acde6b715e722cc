"""GET /roadmaps and /roadmaps/{slug}: the roadmap content."""

from __future__ import annotations

from tests.api.conftest import MILESTONE, SLUG
from tests.support.api_client import ApiClient


def test_roadmap_contains_stages_milestones_and_skills(alice: ApiClient) -> None:
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


def test_unknown_roadmap_is_not_found(alice: ApiClient) -> None:
    response = alice.get("/roadmaps/none")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
