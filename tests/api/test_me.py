"""GET /me: the token's owner."""

from __future__ import annotations

from tests.api.conftest import SLUG, ApiClientOf
from tests.support.api_client import ApiClient
from tests.support.cast import Cast


def test_it_works(bob: ApiClient, cast: Cast) -> None:
    me = bob.get("/me").get_json()
    assert (me["id"], me["name"], me["email"]) == (str(cast.bob), "Bob", "bob@example.org")
    assert me["teams"] == [{"slug": "ranking", "name": "Ranking", "role": "manager"}]
    assert me["token"]["scope"] == "write"
    assert me["token"]["expires_at"].endswith("Z")
    assert me["is_admin"] is False


def test_it_needs_a_token(api_client_of: ApiClientOf) -> None:
    answer = api_client_of().get("/me")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_reads_is_enough(cast: Cast, api_client_of: ApiClientOf) -> None:
    assert api_client_of(cast.alice, "read").get("/me").get_json()["token"]["scope"] == "read"


def test_what_is_one_thing_is_sent_once(alice: ApiClient, bob: ApiClient) -> None:
    """Every address of a single thing has a tag, and answers 304 to it."""
    alice.put(f"/me/roadmaps/{SLUG}", {})
    read = [
        *((alice, path) for path in ("/me", f"/roadmaps/{SLUG}", f"/me/roadmaps/{SLUG}")),
        *((alice, "/me/readiness"), (bob, "/teams/ranking/matrix")),
    ]
    for caller, path in read:
        tag = caller.get(path).headers["ETag"]
        again = caller.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b""), path
        assert caller.get(path, headers={"If-None-Match": '"other"'}).status_code == 200, path
    tag = alice.get(f"/me/roadmaps/{SLUG}").headers["ETag"]
    alice.put(f"/me/roadmaps/{SLUG}", {"hours_per_week": 7})
    moved = alice.get(f"/me/roadmaps/{SLUG}", headers={"If-None-Match": tag})
    assert moved.get_json()["hours_per_week"] == 7
