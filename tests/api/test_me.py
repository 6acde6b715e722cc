"""GET /me: the token's owner."""

from __future__ import annotations

from tests.api.conftest import SLUG, ApiClientOf
from tests.support.api_client import ApiClient
from tests.support.cast import Cast


def test_me_returns_person_teams_and_token(
    bob: ApiClient, cast: Cast, api_client_of: ApiClientOf
) -> None:
    me = bob.get("/me").get_json()
    assert (me["id"], me["name"], me["email"]) == (str(cast.bob), "Bob", "bob@example.org")
    assert me["teams"] == [{"slug": "ranking", "name": "Ranking", "role": "manager"}]
    assert me["token"]["scope"] == "write"
    assert me["token"]["expires_at"].endswith("Z")
    assert me["is_admin"] is False
    assert api_client_of(cast.alice, "read").get("/me").get_json()["token"]["scope"] == "read"


def test_unchanged_resource_returns_304(alice: ApiClient, bob: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    resources = [
        *((alice, path) for path in ("/me", f"/roadmaps/{SLUG}", f"/me/roadmaps/{SLUG}")),
        *((alice, "/me/readiness"), (bob, "/teams/ranking/matrix")),
    ]
    for caller, path in resources:
        tag = caller.get(path).headers["ETag"]
        again = caller.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b""), path
        assert caller.get(path, headers={"If-None-Match": '"other"'}).status_code == 200, path
    tag = alice.get(f"/me/roadmaps/{SLUG}").headers["ETag"]
    alice.put(f"/me/roadmaps/{SLUG}", {"hours_per_week": 7})
    moved = alice.get(f"/me/roadmaps/{SLUG}", headers={"If-None-Match": tag})
    assert moved.get_json()["hours_per_week"] == 7
