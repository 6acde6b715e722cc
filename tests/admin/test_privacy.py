"""An administrator sees accounts, but nothing about what people record."""

from __future__ import annotations

import re

import pytest

from roadmap.people.models import User
from tests.support.route_entries import admin as rows
from tests.support.route_entries import members

CANARY = "Canary in the coal mine"
EVIDENCE_FORM = {
    "title": CANARY,
    "kind": "blog_post",
    "occurred_on": "2026-02-01",
    "description": CANARY,
    "url": "https://example.org/canary",
}


@pytest.fixture
def ids(snapshot):
    return snapshot.ids


def all_pages(browser, ids, who="erin"):
    """Return the text of all pages of administration and members, without CSRF tokens."""
    addresses = [
        address
        for page in (*rows.PAGES, *members.PAGES)
        # Leave out exports: they repeat a page, and add an entry to the audit log.
        if page.pages[who] == 200 and page.shown
        for address in (page.url, *page.variants)
    ]
    return {
        address: re.sub(r"csrf[^>]*>", "", browser.get(address.format_map(ids)).text, flags=re.I)
        for address in addresses
    }


@pytest.mark.parametrize("visibility", ["private", "team", "portfolio"])
def test_draft_changes_no_page_of_an_administrator(
    session, cast, erin, browser_of, ids, visibility
):
    alice = browser_of(cast.alice)
    before = all_pages(erin, ids)
    version = session.get(User, cast.alice).version
    answer = alice.post("/evidence", {**EVIDENCE_FORM, "visibility": visibility})
    assert answer.status_code == 303
    session.expire_all()
    assert session.get(User, cast.alice).version > version
    after = all_pages(erin, ids)
    assert after == before
    assert len(after) > 12


def test_draft_changes_no_page_of_a_manager(cast, browser_of, ids):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    before = all_pages(bob, ids, "bob")
    assert alice.post("/evidence", {**EVIDENCE_FORM, "visibility": "team"}).status_code == 303
    assert all_pages(bob, ids, "bob") == before
    assert "/teams/{team}/members" in before


def test_personal_records_are_on_no_page_of_an_administrator(session, cast, erin, browser_of, ids):
    alice = browser_of(cast.alice)
    alice.post("/evidence", {**EVIDENCE_FORM, "visibility": "portfolio"})
    plan = {"note": CANARY, "target_on": "2050-01-01"}
    address = f"/roadmaps/{ids['slug']}/milestones/{ids['milestone']}/plan"
    assert alice.put(address, plan).status_code == 303
    titles = ("Feature store design", "Ranking launch", "Talk on embeddings", "Example Search")
    for address, page in all_pages(erin, ids).items():
        for text in (CANARY, *titles, "The trade-offs are named"):
            assert text not in page, f"{text} on {address}"


@pytest.mark.parametrize(
    "path",
    [
        "/teams/ranking/people/{alice}",
        "/evidence/{verified}",
        "/evidence/{draft}",
        "/evidence/{submitted}",
    ],
)
def test_administrator_cannot_open_personal_records(cast, erin, ids, path):
    assert erin.get(path.format_map(ids)).status_code in (403, 404)


def test_every_form_and_link_has_a_route(app, cast, erin, ids):
    adapter = app.url_map.bind("localhost")
    for address, page in all_pages(erin, ids).items():
        main = page.partition("<main")[2]
        forms = re.findall(r'<form method="post" action="([^"?]+)"(.*?)</form>', main, re.DOTALL)
        for action, inputs in forms:
            method = "".join(re.findall(r'name="_method" value="(\w+)"', inputs))
            assert adapter.test(action, method or "POST"), f"{method} {action} on {address}"
        for link in re.findall(r'href="(/(?:admin|teams)[^"?#]*)', main):
            assert adapter.test(link, "GET"), f"{link} on {address}"
