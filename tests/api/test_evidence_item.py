"""GET, PATCH and DELETE /me/evidence/{id}, and PUT and DELETE of its submission."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import MILESTONE, ApiClientOf
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

Add = Callable[..., dict[str, Any]]


def path_of(piece: dict[str, Any], more: str = "") -> str:
    return f"/me/evidence/{piece['id']}{more}"


def test_evidence_is_read_changed_and_deleted(make_evidence: Add, alice: ApiClient) -> None:
    piece = make_evidence(role="Author", milestones=[MILESTONE])
    path = path_of(piece)
    assert alice.get(path).get_json() == piece
    changed = alice.patch(path, {"title": "Another title", "role": None})
    assert changed.status_code == 200
    found = alice.get(path)
    assert found.get_json() == changed.get_json()
    assert found.headers["ETag"] == changed.headers["ETag"]
    assert found.get_json() == {
        **piece,
        "title": "Another title",
        "role": "",
        "updated_at": found.get_json()["updated_at"],
    }
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404
    assert alice.delete(path).status_code == 404


def test_evidence_of_other_people_is_hidden_or_forbidden(
    make_evidence: Add, alice: ApiClient, bob: ApiClient, cast: Cast, api_client_of: ApiClientOf
) -> None:
    """A manager reads submitted evidence under /reviews only."""
    piece = make_evidence()
    path, mallory = path_of(piece), api_client_of(cast.mallory)
    for other in (bob, mallory):
        assert other.get(path).status_code == 404
        assert other.patch(path, {"title": "Mine"}).status_code == 404
        assert other.delete(path).status_code == 404
    none = bob.get(f"/me/evidence/{uuid.uuid4()}")
    assert none.get_json() == bob.get(path).get_json()
    alice.put(path_of(piece, "/submission"))
    assert bob.get(path).status_code == 404
    assert bob.patch(path, {"title": "Mine"}).status_code == 403
    assert bob.delete(path).status_code == 403
    assert mallory.patch(path, {"title": "Mine"}).status_code == 404
    assert alice.get(path).get_json()["title"] == piece["title"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": None}, "title"),
        ({"kind": None}, "kind"),
        ({"occurred_on": None}, "occurred_on"),
        ({"url": None}, "url"),
        ({"created_at": "2026-01-01"}, "created_at"),
        ([], "body"),
        ("title", "body"),
        (0, "body"),
        (False, "body"),
    ],
    ids=[
        "null title",
        "null kind",
        "null date",
        "null url",
        "read-only field",
        "list",
        "string",
        "number",
        "boolean",
    ],
)
def test_invalid_change_is_rejected(
    change: Any, field: str, make_evidence: Add, alice: ApiClient
) -> None:
    piece = make_evidence()
    response = alice.patch(path_of(piece), change)
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [field]
    assert alice.get(path_of(piece)).get_json() == piece


def test_null_visibility_resets_to_default(make_evidence: Add, alice: ApiClient) -> None:
    piece = make_evidence(visibility="team")
    assert alice.patch(path_of(piece), {"title": "Kept"}).get_json()["visibility"] == "team"
    changed = alice.patch(path_of(piece), {"visibility": None}).get_json()
    assert changed["visibility"] == "portfolio"
    assert make_evidence(visibility=None)["visibility"] == "portfolio"


def test_unchanged_evidence_returns_304(make_evidence: Add, alice: ApiClient) -> None:
    path = path_of(make_evidence(description="word " * 500))
    packed = {"Accept-Encoding": "gzip"}
    for headers in ({}, packed):
        read = alice.get(path, headers=headers).headers["ETag"]
        again = alice.get(path, headers={**headers, "If-None-Match": read})
        assert (again.status_code, again.data) == (304, b"")
        assert "Content-Type" not in again.headers
    alice.patch(path, {"title": "New"})
    assert alice.get(path, headers={"If-None-Match": read}).get_json()["title"] == "New"


def test_if_match_is_ignored_on_get(make_evidence: Add, alice: ApiClient) -> None:
    path = path_of(make_evidence())
    read = alice.get(path).headers["ETag"]
    for headers in ({"If-Match": '"another"'}, {"If-Match": read}):
        response = alice.get(path, headers=headers)
        assert (response.status_code, response.mimetype) == (200, "application/json")
        same = alice.get(path, headers={**headers, "If-None-Match": read})
        assert (same.status_code, same.data) == (304, b"")


def test_submission_rejects_any_field(make_evidence: Add, alice: ApiClient) -> None:
    path = path_of(make_evidence(), "/submission")
    refused = alice.put(path, {"comment": "Please"})
    assert refused.status_code == 422
    assert list(refused.get_json()["errors"]) == ["comment"]
    assert alice.call("PUT", path, data=b"now", content_type="text/plain").status_code == 415
    assert alice.put(path, []).status_code == 422
    assert alice.get(path.removesuffix("/submission")).get_json()["review_state"] == "draft"
    assert alice.put(path, {}).status_code == 200


def test_omitted_lists_stay_and_null_clears_them(make_evidence: Add, alice: ApiClient) -> None:
    impact = {"type": "team", "metric": "Time to onboard", "result": "2", "unit": "weeks"}
    piece = make_evidence(milestones=[MILESTONE], skills=["mlops"], impacts=[impact])
    kept = alice.patch(path_of(piece), {"title": "Renamed"}).get_json()
    assert (kept["milestones"], kept["skills"]) == ([MILESTONE], ["mlops"])
    assert kept["impacts"][0]["metric"] == "Time to onboard"
    cleared = alice.patch(path_of(piece), {"milestones": None, "skills": [], "impacts": None})
    assert [cleared.get_json()[name] for name in ("milestones", "skills", "impacts")] == [[]] * 3


def test_stale_if_match_is_rejected(make_evidence: Add, alice: ApiClient) -> None:
    path = path_of(make_evidence())
    read = alice.get(path).headers["ETag"]
    assert alice.patch(path, {"title": "First"}, headers={"If-Match": read}).status_code == 200
    late = alice.patch(path, {"title": "Late"}, headers={"If-Match": read})
    assert (late.status_code, late.mimetype) == (412, "application/problem+json")
    assert alice.delete(path, headers={"If-Match": read}).status_code == 412
    for empty in ("", ",", '""'):
        unguarded = alice.patch(path, {"title": "Unguarded"}, headers={"If-Match": empty})
        assert unguarded.status_code == 412
    assert alice.get(path).get_json()["title"] == "First"
    newest = alice.get(path).headers["ETag"]
    both = alice.patch(path, {"title": "Both"}, headers={"If-Match": f'"x", {newest}'})
    assert both.status_code == 200
    assert alice.delete(path, headers={"If-Match": "*"}).status_code == 204


def test_weak_etag_of_compressed_response_is_accepted(make_evidence: Add, alice: ApiClient) -> None:
    path = path_of(make_evidence(description="word " * 500))
    found = alice.get(path, headers={"Accept-Encoding": "gzip"})
    assert found.headers["Content-Encoding"] == "gzip"
    tag = found.headers["ETag"]
    assert tag.startswith("W/")
    assert alice.patch(path, {"title": "New"}, headers={"If-Match": tag}).status_code == 200
    assert alice.patch(path, {"title": "Old"}, headers={"If-Match": tag}).status_code == 412


def test_submission_and_withdrawal_are_idempotent(make_evidence: Add, alice: ApiClient) -> None:
    piece = make_evidence()
    submitted = alice.put(path_of(piece, "/submission"))
    assert (submitted.status_code, submitted.get_json()["review_state"]) == (200, "submitted")
    assert submitted.get_json()["submitted_at"]
    again = alice.put(path_of(piece, "/submission"))
    assert again.get_json() == submitted.get_json()
    assert alice.delete(path_of(piece, "/submission")).status_code == 204
    assert alice.delete(path_of(piece, "/submission")).status_code == 204
    assert alice.get(path_of(piece)).get_json()["review_state"] == "draft"


def test_private_evidence_cannot_be_submitted(make_evidence: Add, alice: ApiClient) -> None:
    piece = make_evidence(visibility="private")
    response = alice.put(path_of(piece, "/submission"))
    assert response.status_code == 409
    assert "rivate" in response.get_json()["detail"]
    assert alice.get(path_of(piece)).get_json()["review_state"] == "draft"


@pytest.mark.parametrize(
    "links",
    [[], ["mentor-a-junior-engineer"]],
    ids=["no milestone", "other milestone"],
)
def test_submission_requires_a_milestone_the_kind_proves(
    make_evidence: Add, alice: ApiClient, links: list[str]
) -> None:
    piece = make_evidence(milestones=links)
    response = alice.put(path_of(piece, "/submission"))
    assert response.status_code == 409
    assert (
        "Link it to a milestone that evidence of this kind proves" in response.get_json()["detail"]
    )
    assert alice.get(path_of(piece)).get_json()["review_state"] == "draft"
    alice.patch(path_of(piece), {"milestones": [*links, MILESTONE]})
    assert alice.put(path_of(piece, "/submission")).get_json()["review_state"] == "submitted"


def test_verified_evidence_with_unproving_new_kind_cannot_be_resubmitted(
    make_evidence: Add, alice: ApiClient, bob: ApiClient
) -> None:
    piece = make_evidence()
    alice.put(path_of(piece, "/submission"))
    bob.put(f"/reviews/{piece['id']}", {"decision": "verified"})
    changed = alice.patch(path_of(piece), {"kind": "talk"}).get_json()
    assert (changed["review_state"], changed["version"]) == ("draft", 2)
    assert (changed["verified"], changed["verified_version"]) == (True, 1)
    assert alice.put(path_of(piece, "/submission")).status_code == 409


def test_change_of_verified_evidence_creates_new_version(
    make_evidence: Add, alice: ApiClient, bob: ApiClient
) -> None:
    piece = make_evidence(milestones=[MILESTONE])
    alice.put(path_of(piece, "/submission"))
    bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "comment": "I was there."})
    seen = alice.get(path_of(piece)).get_json()
    assert (seen["review_state"], seen["confirmed"]) == ("verified", [MILESTONE])
    assert seen["review"]["by"] == "Bob (by token)"
    assert seen["review"]["comment"] == "I was there."
    assert alice.put(path_of(piece, "/submission")).status_code == 409
    later = alice.patch(path_of(piece), {"description": "More of it."}).get_json()
    assert (later["version"], later["verified_version"], later["verified"]) == (2, 1, True)
    unlinked = alice.patch(path_of(piece), {"milestones": []}).get_json()
    assert (unlinked["confirmed"], unlinked["verified"]) == ([], False)
    assert (later["review_state"], later["confirmed"]) == ("submitted", [MILESTONE])
