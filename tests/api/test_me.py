"""GET /me: who the token is of."""

from __future__ import annotations

from tests.api.conftest import CallerOf
from tests.support.caller import Caller
from tests.support.cast import Cast


def test_it_works(bob: Caller, cast: Cast) -> None:
    me = bob.get("/me").get_json()
    assert (me["id"], me["name"], me["email"]) == (str(cast.bob), "Bob", "bob@example.org")
    assert me["teams"] == [{"slug": "ranking", "name": "Ranking", "role": "manager"}]
    assert me["token"]["scope"] == "write"
    assert me["token"]["expires_at"].endswith("Z")
    assert me["is_admin"] is False


def test_it_needs_a_token(caller_of: CallerOf) -> None:
    answer = caller_of().get("/me")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_reads_is_enough(cast: Cast, caller_of: CallerOf) -> None:
    assert caller_of(cast.alice, "read").get("/me").get_json()["token"]["scope"] == "read"
