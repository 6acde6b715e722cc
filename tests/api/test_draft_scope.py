"""Tokens with scope draft read the owner's roadmap and evidence, and write drafts."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth.models import ApiToken
from roadmap.evidence.models import Evidence
from roadmap.portfolio.models import PortfolioItem
from tests.api.conftest import MILESTONE, PIECE, SLUG, ApiClientOf
from tests.portfolio.evidence_rows import choose
from tests.support.api_client import ApiClient
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.markup import flat

TOKEN_NAME = "draft of a test"


@pytest.fixture
def agent(cast: Cast, api_client_of: ApiClientOf) -> ApiClient:
    return api_client_of(cast.alice, "draft")


@pytest.fixture
def piece(agent: ApiClient) -> dict[str, Any]:
    response = agent.post("/me/evidence", PIECE)
    assert response.status_code == 201
    made: dict[str, Any] = response.get_json()
    return made


def edit_form(piece: dict[str, Any], **more: str) -> dict[str, str]:
    return {**{name: piece[name] for name in ("kind", "title", "occurred_on", "url", "visibility")},
            "milestones": MILESTONE, "revision": "1", **more}  # fmt: skip


def test_draft_by_token_shows_token_name(
    piece: dict[str, Any], agent: ApiClient, cast: Cast, browser_of
) -> None:
    assert (piece["review_state"], piece["drafted_by"]) == ("draft", TOKEN_NAME)
    changed = agent.patch(f"/me/evidence/{piece['id']}", {"role": "Author"})
    assert (changed.status_code, changed.get_json()["role"]) == (200, "Author")
    alice = browser_of(cast.alice)
    assert f"By token: {TOKEN_NAME}" in flat(alice.get("/evidence").text)
    page = flat(alice.get(f"/evidence/{piece['id']}").text)
    assert f"The token “{TOKEN_NAME}” wrote this version." in page
    assert page.count(f"by the token “{TOKEN_NAME}”") == 2, "recorded and edited"


@pytest.mark.parametrize("origin", ["recorded", "accepted", "edited"])
def test_token_edit_keeps_the_persons_text_as_earlier_version(
    origin: str, make_evidence, agent: ApiClient, alice: ApiClient, cast: Cast, browser_of
) -> None:
    browser, words = browser_of(cast.alice), {"description": "My own words"}
    maker = agent if origin == "accepted" else alice
    made = maker.post("/me/evidence", {**PIECE, **words}).get_json()
    path = f"/evidence/{made['id']}"
    if origin == "accepted":
        browser.put(f"{path}/acceptance")
    if origin == "edited":
        agent.patch(f"/me{path}", {"description": "By an agent"})
        browser.put(path, edit_form(made, **words, revision="2"))
    first = alice.get(f"/me{path}").get_json()
    assert (first["description"], first["drafted_by"]) == ("My own words", "")

    # The title is not versioned, so a token may not change it; links do not set the mark.
    title = agent.patch(f"/me{path}", {"title": "A better one"})
    assert (title.status_code, [*title.get_json()["errors"]]) == (422, ["title"])
    linked = agent.patch(f"/me{path}", {"milestones": []}).get_json()
    assert (linked["version"], linked["drafted_by"]) == (first["version"], "")

    changed = agent.patch(f"/me{path}", {"description": "By an agent"}).get_json()
    assert (changed["version"], changed["drafted_by"]) == (first["version"] + 1, TOKEN_NAME)
    again = agent.patch(f"/me{path}", {"description": "By an agent, again"}).get_json()
    assert again["version"] == changed["version"], "a token's own text is not kept"
    page = browser.get(path).text
    assert "My own words" in page
    assert f"Version {first['version']} is kept below." in flat(page)
    older = f"{path}/edit?version={first['version']}"
    assert older in page
    form = browser.get(older).text
    assert "My own words" in form
    assert "By an agent" not in form
    assert browser.get(f"{path}/edit?version=99").status_code == 404


def test_edit_with_write_token_keeps_drafted_by(piece: dict[str, Any], alice: ApiClient) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"title": "By a script"})
    # A script is not a person who read the draft.
    assert alice.get(f"/me/evidence/{piece['id']}").get_json()["drafted_by"] == TOKEN_NAME


def test_pages_warn_that_token_draft_is_unread_until_accepted(
    piece: dict[str, Any], alice: ApiClient, cast: Cast, browser_of
) -> None:
    path, key = f"/evidence/{piece['id']}", piece["milestones"][0]
    owner, bob = browser_of(cast.alice), browser_of(cast.bob)
    milestone = f"/roadmaps/{SLUG}/milestones/{key}"
    assert alice.put(f"/me/roadmaps/{SLUG}", {}).status_code in (200, 201)
    assert owner.put(f"{milestone}/completion").status_code == 303
    unread = "Token draft, unread"
    assert unread in flat(owner.get(milestone).text)
    asks = "will see that a token wrote it, and that you neither edited nor accepted it."
    assert asks in flat(owner.get(path).text)
    assert alice.put(f"/me{path}/submission").status_code == 200
    page = flat(owner.get(path).text)
    assert asks not in page
    assert "If you accept it, that notice disappears; the version does not change" in page
    written = f"written by the token “{TOKEN_NAME}”"
    assert written in flat(bob.get(f"/reviews/{piece['id']}").text)
    assert owner.put(f"{path}/acceptance").status_code == 303
    assert written not in flat(bob.get(f"/reviews/{piece['id']}").text)
    assert unread not in flat(owner.get(milestone).text)


def test_owner_accepts_token_draft_once(
    piece: dict[str, Any], alice: ApiClient, cast: Cast, browser_of
) -> None:
    browser = browser_of(cast.alice)
    path = f"/evidence/{piece['id']}"
    response = browser.put(f"{path}/acceptance")
    assert (response.status_code, response.location) == (303, f"{path}#main")
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == ""
    page = flat(browser.get(path).text)
    assert "Accept as it is" not in page
    notice = f"Accepted what the token “{TOKEN_NAME}” wrote, version 1"
    assert notice in page
    # A second request adds no history entry.
    assert browser.put(f"{path}/acceptance").status_code == 303
    assert flat(browser.get(path).text).count(notice) == 1


def test_owners_edit_clears_drafted_by(
    piece: dict[str, Any], alice: ApiClient, cast: Cast, browser_of
) -> None:
    browser, path = browser_of(cast.alice), f"/evidence/{piece['id']}"
    browser.put(path, edit_form(piece))
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == TOKEN_NAME, "nothing was changed"
    assert browser.put(path, edit_form(piece, title="As I say it")).status_code == 303
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == ""


def test_reviewer_sees_that_token_draft_was_not_accepted(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient, cast: Cast, browser_of
) -> None:
    path = f"/evidence/{piece['id']}"
    browser: BrowserClient = browser_of(cast.alice)
    assert browser.put(f"{path}/submission").status_code == 303
    reviewer = browser_of(cast.bob)
    notice = (
        f"The token “{TOKEN_NAME}” wrote this version for Alice, "
        "who has neither edited nor accepted it."
    )
    assert notice in flat(reviewer.get(f"/reviews/{piece['id']}").text)
    assert f"By token: {TOKEN_NAME}" in flat(reviewer.get("/reviews").text)
    assert bob.get("/reviews").get_json()["items"][0]["drafted_by"] == TOKEN_NAME
    # Her unsubmitted edit is not visible to the reviewer yet, so the mark stays.
    bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "More."})
    browser.put(path, edit_form(piece, description="Mine."))
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == ""
    assert notice in flat(reviewer.get(f"/reviews/{piece['id']}").text)
    assert browser.put(f"{path}/submission").status_code == 303
    assert notice not in flat(reviewer.get(f"/reviews/{piece['id']}").text)


def test_draft_token_changes_unshared_drafts_only(
    make_evidence, alice: ApiClient, bob: ApiClient, agent: ApiClient, session: Session, cast: Cast
) -> None:
    mine = make_evidence()
    path = f"/me/evidence/{mine['id']}"
    choose(session, session.get_one(Evidence, uuid.UUID(mine["id"])))
    session.commit()
    shown = agent.patch(path, {"title": "Public at once"})
    assert (shown.status_code, "portfolio" in shown.get_json()["detail"]) == (409, True)
    session.execute(sa.delete(PortfolioItem))
    session.commit()
    shares = agent.patch(path, {"visibility": "team"})
    assert (shares.status_code, [*shares.get_json()["errors"]]) == (422, ["visibility"])
    alice.put(f"{path}/submission")
    for state in ("submitted", "verified", "verified with a newer draft"):
        if state == "verified":
            bob.put(f"/reviews/{mine['id']}", {"decision": "verified"})
        elif state != "submitted":
            alice.patch(path, {"description": "A second version."})
            alice.delete(f"{path}/submission")
        response = agent.patch(path, {"title": "New"})
        assert response.status_code == 409, state
        assert "only change drafts" in response.get_json()["detail"]
    assert alice.get(path).get_json()["title"] == mine["title"]


def test_draft_token_gets_reason_for_denied_request(
    agent: ApiClient, app: Flask, session: Session
) -> None:
    response = agent.get("/reviews")
    assert response.status_code == 403
    assert "write drafts" in response.get_json()["detail"]
    assert session.scalars(sa.select(ApiToken.scope)).one() == "draft"


def test_draft_token_is_created_on_the_tokens_page(
    cast: Cast, browser_of, session: Session
) -> None:
    browser = browser_of(cast.alice)
    assert (
        "Draft: reads your roadmap and evidence, and writes drafts"
        in browser.get("/account/tokens/new").text
    )
    made = browser.post("/account/tokens", {"name": "My agent", "scope": "draft", "days": "30"})
    assert made.status_code == 201
    assert "/api/v1/me/evidence" in made.text
    assert session.scalars(sa.select(ApiToken.scope)).one() == "draft"
    assert "Draft" in flat(browser.get("/account/tokens").text)
