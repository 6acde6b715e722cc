"""GET /search: what it finds for whom, in which order, and how much at most."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from roadmap.evidence import actions
from roadmap.people.models import Membership, User
from roadmap.people.permissions import permission_of
from roadmap.search.kinds.pages import PLACES
from tests.evidence.builders import (
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.sample_data import SLUG
from tests.support.statements import statements_of

TITLES = ("ÉLAN vital", "Straße und Maße", "Überwachung")


def found(browser: BrowserClient, text: str, *, fragment: bool = False) -> dict[str, list[str]]:
    """The titles of the results by heading, as they are listed."""
    page = browser.get(f"/search?q={text}", fragment=fragment).text
    heading, title = (
        (r'class="palette-heading"[^>]*>', r'<a class="palette-option"[^>]*>\s*<span[^>]*>')
        if fragment
        else (r'<h2 id="found-[^>]*>', r'<a class="title[^>]*>')
    )
    groups: dict[str, list[str]] = {}
    for is_heading, is_title, text in re.findall(rf"(?:({heading})|({title}))([^<]*)", page):
        if is_heading:
            groups[unescape(text)] = []
        elif is_title:
            groups[list(groups)[-1]].append(unescape(text))
    return groups


def test_accents_and_case_do_not_matter(session: Session, cast: Cast, browser_of, now) -> None:
    for title in TITLES:
        add_evidence(session, cast, cast.alice, now, title=title)
    alice = browser_of(cast.alice)
    for words, title in zip(("elan", "STRASSE", "uberwachung"), TITLES, strict=True):
        assert found(alice, words)["Evidence"] == [title]


def test_the_best_comes_first(session: Session, cast: Cast, browser_of, now) -> None:
    """A title that begins so, then one with the word, then with a part, then the text."""
    for title, text in (
        ("About nothing", "It has a quokka."),
        ("Antiquokka", ""),
        ("The quokka", ""),
        ("Quokka", ""),
        ("Something else", ""),
    ):
        add_evidence(session, cast, cast.alice, now, title=title, description=text)
    alice = browser_of(cast.alice)
    listed = ["Quokka", "The quokka", "Antiquokka", "About nothing"]
    assert found(alice, "quokka") == {"Evidence": listed}
    assert found(alice, "quokka", fragment=True) == {"Evidence": listed}
    # Each word has to be there, in title or text.
    assert found(alice, "nothing quokka") == {"Evidence": ["About nothing"]}
    assert found(alice, "100%25_quokka") == {}


def test_milestones_are_found_by_their_criterion(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    assert found(alice, "design document")["Milestones"]
    page = alice.get("/search?q=mentor+a+junior").text
    assert f'href="/roadmaps/{SLUG}/milestones/mentor-a-junior-engineer"' in page


def test_pages_and_skills_are_found(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    assert "API tokens" in found(alice, "token")["Pages"]
    assert "Mentoring" in " ".join(found(alice, "mentoring")["Skills"])
    # Before anything is typed, the palette offers places; the page waits for a word.
    assert found(alice, "", fragment=True)["Pages"][0] == "Dashboard"
    assert found(alice, "") == {}
    assert "Enter a word" in alice.get("/search?q=-").text


def test_each_place_is_there_with_the_permission_of_its_route(app) -> None:
    urls = app.url_map.bind("localhost")
    for place in PLACES:
        endpoint, _values = urls.match(urlsplit(place.href).path)
        assert place.permission == permission_of(app, endpoint), place.href


def test_the_places_of_the_top_bar_are_found(cast: Cast, browser_of) -> None:
    page = browser_of(cast.erin).get("/skills").text
    bar = page[page.index('<header class="topbar">') : page.index("</header>")]
    assert set(re.findall(r'href="([^"#]+)"', bar)) - {"/search"} <= {each.href for each in PLACES}


def test_pages_are_those_one_may_open(cast: Cast, browser_of) -> None:
    assert "Audit log" not in found(browser_of(cast.alice), "audit log").get("Pages", [])
    assert "Audit log" in found(browser_of(cast.erin), "audit log")["Pages"]
    assert "Ranking" in found(browser_of(cast.bob), "ranking")["Pages"]
    assert "Ranking" not in found(browser_of(cast.dave), "ranking").get("Pages", [])


@pytest.mark.parametrize("role", ["manager", "mentor"])
def test_a_viewer_finds_what_is_shared(
    session: Session, cast: Cast, browser_of, now, role: str
) -> None:
    """And nothing else: no byte of what others get is changed by drafts and private pieces."""
    session.get_one(Membership, (cast.team, cast.bob)).role = role
    shared = add_evidence(session, cast, cast.alice, now, title="Quokka census")
    submit_evidence(session, cast, shared, now)
    session.commit()
    others = {name: browser_of(getattr(cast, name)) for name in ("bob", "carol", "dave", "erin")}
    token = re.compile(r'"X-CSRFToken": "[^"]*"|name="csrf_token" value="[^"]*"')

    def answers() -> dict[str, str]:
        return {
            name + path: token.sub("", each.get(path, fragment=fragment).text)
            for name, each in others.items()
            for path in ("/search?q=quokka", "/search?q=quokka&in=evidence")
            for fragment in (False, True)
        }

    assert found(others["bob"], "quokka") == {"Evidence": ["Quokka census"]}
    assert f'href="/reviews/{shared.id}"' in others["bob"].get("/search?q=quokka").text
    assert all(found(others[name], "quokka") == {} for name in ("carol", "dave", "erin"))
    before = answers()
    add_evidence(session, cast, cast.alice, now, title="Quokka draft")
    private = add_evidence(
        session, cast, cast.alice, now, title="Quokka secret", visibility="private"
    )
    session.commit()
    assert answers() == before
    assert private.title in found(browser_of(cast.alice), "quokka")["Evidence"]


def test_of_an_edit_that_is_not_submitted_nothing_is_found(
    session: Session, cast: Cast, browser_of, now: dt.datetime
) -> None:
    piece = add_evidence(session, cast, cast.alice, now, description="It has a quokka.")
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    actions.edit(
        session,
        piece,
        evidence_input(description="It has a wombat."),
        by=cast.actor(session, cast.alice),
        now=now,
    )
    actions.withdraw(session, piece, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    bob = browser_of(cast.bob)
    assert found(bob, "wombat") == {}
    assert len(found(bob, "quokka")["Evidence"]) == 1
    assert len(found(browser_of(cast.alice), "wombat")["Evidence"]) == 1
    # Nor of a verified piece that its author made private.
    private = evidence_input(description="It has a wombat.", visibility="private")
    actions.edit(session, piece, private, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    assert found(bob, "quokka") == {}


@pytest.mark.parametrize("who", ["bob", "erin", "carol", "dave"])
def test_people_one_may_see(session: Session, cast: Cast, browser_of, who: str) -> None:
    browser = browser_of(getattr(cast, who))
    people = found(browser, "alice").get("People", [])
    assert people == (["Alice"] if who in ("bob", "erin") else [])
    href = {"bob": f"/teams/ranking/people/{cast.alice}", "erin": f"/admin/people/{cast.alice}"}
    if who in href:
        assert f'href="{href[who]}"' in browser.get("/search?q=alice").text
    # Only an administrator knows addresses.
    assert ("People" in found(browser, "example.org")) == (who == "erin")


def test_it_is_bounded(session: Session, cast: Cast, browser_of, now) -> None:
    for number in range(12):
        add_evidence(session, cast, cast.alice, now, title=f"Quokka {number}")
    alice = browser_of(cast.alice)
    assert len(found(alice, "quokka", fragment=True)["Evidence"]) == 5
    assert len(found(alice, "quokka")["Evidence"]) == 10
    assert 'href="/search?q=quokka&amp;in=evidence"' in alice.get("/search?q=quokka").text
    assert len(found(alice, "quokka&in=evidence")["Evidence"]) == 12
    # Eight words at most are searched, and a long text is cut.
    assert alice.get(f"/search?q={'quokka+' * 2000}").status_code == 200


def test_deactivated_people_are_not_found(session: Session, cast: Cast, browser_of, now) -> None:
    session.get_one(User, cast.carol).deactivated_at = now
    session.commit()
    assert "People" not in found(browser_of(cast.bob), "carol")


def test_statements_do_not_grow(app, session: Session, cast: Cast, browser_of, now) -> None:
    bob = browser_of(cast.bob)
    counts = []
    for more in (1, 6):
        for _piece in range(more):
            piece = add_evidence(session, cast, cast.alice, now, title="Alice's quokka")
            submit_evidence(session, cast, piece, now)
        counts.append(len(statements_of(app, lambda: bob.get("/search?q=alice", fragment=True))))
    assert counts[0] == counts[1] <= 16
