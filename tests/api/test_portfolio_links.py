"""/me/portfolios/{id}/links: public links of a portfolio."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from roadmap.core.stale_forms import RowDeleted
from roadmap.portfolio import links
from tests.support.api_client import ApiClient
from tests.support.cast import Cast


@pytest.fixture
def path(cast: Cast) -> str:
    return f"/me/portfolios/{cast.alice}/links"


def test_link_is_created_opened_and_revoked(alice: ApiClient, path: str, browser_of: Any) -> None:
    response = alice.post(path, {"label": " Panel ", "ends_on": None})
    assert response.status_code == 201
    made = response.get_json()
    assert (made["label"], made["expires_at"], made["revoked_at"]) == ("Panel", None, None)
    opened = "/p/" + made["url"].rpartition("/p/")[2]
    assert browser_of().get(opened).status_code == 200
    (listed,) = alice.get(path).get_json()["items"]
    assert listed["last_opened_on"] is not None
    assert listed == made | {"last_opened_on": listed["last_opened_on"]}
    assert alice.delete(f"{path}/{made['id']}").status_code == 204
    assert browser_of().get(opened).status_code == 404
    (ended,) = alice.get(path).get_json()["items"]
    assert ended["url"] is None
    assert ended["revoked_at"] is not None
    # Revoking it again changes nothing.
    assert alice.delete(f"{path}/{made['id']}").status_code == 204


def test_link_expires_after_its_last_day(alice: ApiClient, path: str) -> None:
    today = dt.datetime.now(dt.UTC).date()
    made = alice.post(path, {"ends_on": today.isoformat()}).get_json()
    tomorrow = today + dt.timedelta(days=1)
    assert made["expires_at"] == f"{tomorrow}T00:00:00Z"
    for wrong in ((today - dt.timedelta(days=1)).isoformat(), "9999-12-31"):
        refused = alice.post(path, {"ends_on": wrong})
        assert refused.status_code == 422
        assert refused.get_json()["errors"] == {"ends_on": ["Choose today or a later day."]}
    assert alice.post(path, {"label": "No end"}).status_code == 422


def test_number_of_active_links_is_limited(
    alice: ApiClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MAX_OPEN_LINKS", 1)
    assert alice.post(path, {"ends_on": None}).status_code == 201
    refused = alice.post(path, {"ends_on": None})
    assert refused.status_code == 409
    assert "1 active links, the maximum" in refused.get_json()["detail"]


def test_a_link_belongs_to_its_portfolio(alice: ApiClient, path: str) -> None:
    other = alice.post("/me/portfolios", {"name": "CV"}).get_json()["id"]
    made = alice.post(path, {"ends_on": None}).get_json()["id"]
    assert alice.get(f"/me/portfolios/{other}/links").get_json()["items"] == []
    assert alice.delete(f"/me/portfolios/{other}/links/{made}").status_code == 404


def test_only_write_token_creates_and_revokes_links(
    cast: Cast, alice: ApiClient, path: str, api_client_of: Any
) -> None:
    made = alice.post(path, {"ends_on": None}).get_json()["id"]
    for scope, reads in (("read", 200), ("draft", 403)):
        client = api_client_of(cast.alice, scope)
        assert client.get(path).status_code == reads
        if reads == 200:
            assert client.get(path).get_json()["items"][0]["url"] is None, (
                "a read token does not see the address"
            )
        assert client.post(path, {"ends_on": None}).status_code == 403
        assert client.delete(f"{path}/{made}").status_code == 403
    [link] = alice.get(path).get_json()["items"]
    assert "/p/" in link["url"]


def test_links_of_other_people_are_not_found(alice: ApiClient, bob: ApiClient, path: str) -> None:
    made = alice.post(path, {"ends_on": None}).get_json()["id"]
    assert bob.get(path).status_code == 404
    assert bob.post(path, {"ends_on": None}).status_code == 404
    assert bob.delete(f"{path}/{made}").status_code == 404
    assert alice.get(path).get_json()["items"][0]["revoked_at"] is None


def test_concurrently_deleted_portfolio_is_not_found(
    alice: ApiClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none(*_arguments: Any, **_more: Any) -> None:
        raise RowDeleted

    monkeypatch.setattr("roadmap.api.portfolio_links.lock_portfolio", find_none)
    assert alice.post(path, {"ends_on": None}).status_code == 404
