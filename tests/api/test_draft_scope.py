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

NAME = "draft of a test"


@pytest.fixture
def agent(cast: Cast, api_client_of: ApiClientOf) -> ApiClient:
    return api_client_of(cast.alice, "draft")


@pytest.fixture
def piece(agent: ApiClient) -> dict[str, Any]:
    answer = agent.post("/me/evidence", PIECE)
    assert answer.status_code == 201
    made: dict[str, Any] = answer.get_json()
    return made


def form_of(piece: dict[str, Any], **more: str) -> dict[str, str]:
    return {**{name: piece[name] for name in ("kind", "title", "occurred_on", "url", "visibility")},
            "milestones": MILESTONE, "revision": "1", **more}  # fmt: skip


def test_what_it_writes_carries_its_name(
    piece: dict[str, Any], agent: ApiClient, cast: Cast, browser_of
) -> None:
    assert (piece["review_state"], piece["drafted_by"]) == ("draft", NAME)
    changed = agent.patch(f"/me/evidence/{piece['id']}", {"role": "Author"})
    assert (changed.status_code, changed.get_json()["role"]) == (200, "Author")
    alice = browser_of(cast.alice)
    assert f"By token: {NAME}" in flat(alice.get("/evidence").text)
    page = flat(alice.get(f"/evidence/{piece['id']}").text)
    assert f"The token “{NAME}” wrote this version." in page
    assert page.count(f"by the token “{NAME}”") == 2, "recorded and edited"


@pytest.mark.parametrize("way", ["recorded", "accepted", "edited"])
def test_what_a_person_wrote_or_took_on_is_kept_as_a_version(
    way: str, add, agent: ApiClient, alice: ApiClient, cast: Cast, browser_of
) -> None:
    browser, words = browser_of(cast.alice), {"description": "My own words"}
    maker = agent if way == "accepted" else alice
    made = maker.post("/me/evidence", {**PIECE, **words}).get_json()
    path = f"/evidence/{made['id']}"
    if way == "accepted":
        browser.put(f"{path}/acceptance")
    if way == "edited":
        agent.patch(f"/me{path}", {"description": "By an agent"})
        browser.put(path, form_of(made, **words, revision="2"))
    first = alice.get(f"/me{path}").get_json()
    assert (first["description"], first["drafted_by"]) == ("My own words", "")

    # What no version holds stays as it was, and the mark is of texts alone.
    title = agent.patch(f"/me{path}", {"title": "A better one"})
    assert (title.status_code, [*title.get_json()["errors"]]) == (422, ["title"])
    linked = agent.patch(f"/me{path}", {"milestones": []}).get_json()
    assert (linked["version"], linked["drafted_by"]) == (first["version"], "")

    changed = agent.patch(f"/me{path}", {"description": "By an agent"}).get_json()
    assert (changed["version"], changed["drafted_by"]) == (first["version"] + 1, NAME)
    again = agent.patch(f"/me{path}", {"description": "By an agent, again"}).get_json()
    assert again["version"] == changed["version"], "what it wrote itself"
    page = browser.get(path).text
    assert "My own words" in page
    assert f"Version {first['version']} is kept below." in flat(page)
    older = f"{path}/edit?version={first['version']}"
    assert older in page
    form = browser.get(older).text
    assert "My own words" in form
    assert "By an agent" not in form
    assert browser.get(f"{path}/edit?version=99").status_code == 404


def test_a_script_that_may_do_everything_leaves_the_mark(
    piece: dict[str, Any], alice: ApiClient
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"title": "By a script"})
    # It is no person who read the draft.
    assert alice.get(f"/me/evidence/{piece['id']}").get_json()["drafted_by"] == NAME


def test_it_is_said_before_and_after_one_asks_that_nobody_has_read_it(
    piece: dict[str, Any], alice: ApiClient, cast: Cast, browser_of
) -> None:
    path, key = f"/evidence/{piece['id']}", piece["milestones"][0]
    owner, bob = browser_of(cast.alice), browser_of(cast.bob)
    milestone = f"/roadmaps/{SLUG}/milestones/{key}"
    assert alice.put(f"/me/roadmaps/{SLUG}", {}).status_code in (200, 201)
    assert owner.put(f"{milestone}/completion").status_code == 303
    unread = "Token draft, unread"
    assert unread in flat(owner.get(milestone).text)
    asks = "will read that a token wrote it, and that you neither edited nor accepted it."
    assert asks in flat(owner.get(path).text)
    assert alice.put(f"/me{path}/submission").status_code == 200
    page = flat(owner.get(path).text)
    assert asks not in page
    assert "If you accept it, that line goes; the version stays" in page
    written = f"written by the token “{NAME}”"
    assert written in flat(bob.get(f"/reviews/{piece['id']}").text)
    assert owner.put(f"{path}/acceptance").status_code == 303
    assert written not in flat(bob.get(f"/reviews/{piece['id']}").text)
    assert unread not in flat(owner.get(milestone).text)


def test_its_owner_accepts_it_with_a_button(
    piece: dict[str, Any], alice: ApiClient, cast: Cast, browser_of
) -> None:
    browser = browser_of(cast.alice)
    path = f"/evidence/{piece['id']}"
    answer = browser.put(f"{path}/acceptance")
    assert (answer.status_code, answer.location) == (303, f"{path}#main")
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == ""
    page = flat(browser.get(path).text)
    assert "Accept as it is" not in page
    said = f"Accepted what the token “{NAME}” wrote, version 1"
    assert said in page
    # Twice is the same as once.
    assert browser.put(f"{path}/acceptance").status_code == 303
    assert flat(browser.get(path).text).count(said) == 1


def test_its_owner_edits_it(
    piece: dict[str, Any], alice: ApiClient, cast: Cast, browser_of
) -> None:
    browser, path = browser_of(cast.alice), f"/evidence/{piece['id']}"
    browser.put(path, form_of(piece))
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == NAME, "nothing was changed"
    assert browser.put(path, form_of(piece, title="As I say it")).status_code == 303
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == ""


def test_its_reviewer_reads_that_nobody_accepted_it(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient, cast: Cast, browser_of
) -> None:
    path = f"/evidence/{piece['id']}"
    browser: BrowserClient = browser_of(cast.alice)
    assert browser.put(f"{path}/submission").status_code == 303
    reviewer = browser_of(cast.bob)
    said = (
        f"The token “{NAME}” wrote this version for Alice, who has neither edited nor accepted it."
    )
    assert said in flat(reviewer.get(f"/reviews/{piece['id']}").text)
    assert f"By token: {NAME}" in flat(reviewer.get("/reviews").text)
    assert bob.get("/reviews").get_json()["items"][0]["drafted_by"] == NAME
    # What she edits without asking again is nobody else's business yet, so the mark stays.
    bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "More."})
    browser.put(path, form_of(piece, description="Mine."))
    assert alice.get(f"/me{path}").get_json()["drafted_by"] == ""
    assert said in flat(reviewer.get(f"/reviews/{piece['id']}").text)
    assert browser.put(f"{path}/submission").status_code == 303
    assert said not in flat(reviewer.get(f"/reviews/{piece['id']}").text)


def test_it_changes_drafts_alone(
    add, alice: ApiClient, bob: ApiClient, agent: ApiClient, session: Session, cast: Cast
) -> None:
    mine = add()
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
    for state in ("submitted", "verified", "verified beside a draft"):
        if state == "verified":
            bob.put(f"/reviews/{mine['id']}", {"decision": "verified"})
        elif state != "submitted":
            alice.patch(path, {"description": "A second version."})
            alice.delete(f"{path}/submission")
        answer = agent.patch(path, {"title": "New"})
        assert answer.status_code == 409, state
        assert "drafts only" in answer.get_json()["detail"]
    assert alice.get(path).get_json()["title"] == mine["title"]


def test_what_it_may_not_says_so(agent: ApiClient, app: Flask, session: Session) -> None:
    answer = agent.get("/reviews")
    assert answer.status_code == 403
    assert "writes drafts" in answer.get_json()["detail"]
    assert session.scalars(sa.select(ApiToken.scope)).one() == "draft"


def test_it_is_made_on_the_page(cast: Cast, browser_of, session: Session) -> None:
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
