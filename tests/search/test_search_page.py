"""GET /search: results by role, their order, and their maximum number."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy.orm import Session

from roadmap.evidence import actions
from roadmap.people.models import Membership, User
from roadmap.people.permissions import permission_of
from roadmap.search.kinds.pages import OF_ROADMAP, PLACES
from tests.evidence.builders import (
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.catalog import enroll
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
    for start, place in (
        *(("", each) for each in PLACES),
        *((f"/roadmaps/{SLUG}", each) for each in OF_ROADMAP),
    ):
        endpoint, _values = urls.match(start + urlsplit(place.href).path)
        assert place.permission == permission_of(app, endpoint), place.href


def test_the_places_of_the_top_bar_are_found(cast: Cast, browser_of) -> None:
    page = browser_of(cast.erin).get("/skills").text
    bar = page[page.index('<header class="topbar">') : page.index("</header>")]
    assert set(re.findall(r'href="([^"#]+)"', bar)) - {"/search"} <= {each.href for each in PLACES}


# The search itself, and what asks before something is done or answers who forgot a password.
UNNAMED = (
    "/search",
    "/logout",
    "/account/confirm",
    "/password/forgot",
    "/password/sent",
    "/teams/ranking/membership",
)


@pytest.mark.parametrize("who", ["alice", "bob", "erin"])
def test_every_page_is_found_by_its_heading(
    app, session: Session, cast: Cast, browser_of, now, who: str
) -> None:
    """And by the text of the links of the navigation; with every page of a roadmap and a team."""
    person = getattr(cast, who)
    if who == "alice":
        enroll(session, person, now, SLUG)
    browser = browser_of(person)
    names: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        slug = "ranking" if rule.rule.startswith("/teams/") else SLUG
        path = rule.rule.replace("<slug>", slug)
        if "GET" not in rule.methods or rule.arguments - {"slug"} or path in UNNAMED:
            continue
        page = browser.get(path)
        if page.status_code != 200 or page.mimetype != "text/html":
            continue
        if heading := re.search(r"<h1[^>]*>(.*?)</h1>", page.text):
            names[path] = {unescape(re.sub("<[^>]+>", " ", heading[1]))}
    assert {"/absences", "/activity", "/evidence/import", "/account/archive"} < set(names)
    bar = browser.get("/skills").text
    bar = bar[bar.index('<nav class="main-nav"') : bar.index("</header>")]
    for path, name in re.findall(r'<a [^>]*?href="(/[^"#]*)"[^>]*>([^<]+)</a>', bar):
        names.setdefault(path, set()).add(unescape(name))
    missed = [
        (path, name)
        for path, of_path in names.items()
        for name in of_path
        # A day, the person's own name.
        if path not in ("/activity/since", "/portfolio/preview")
        # An administrator finds the list of all teams, of which they see no people.
        and (who != "erin" or not path.startswith("/teams/"))
        and name != f"Welcome, {who.title()}"
        and f'href="{path}"' not in browser.get(f"/search?{urlencode({'q': name})}&in=pages").text
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("who", "words", "href"),
    [
        ("alice", "all activity", "/activity"),
        ("alice", "witness", "/roadmaps"),
        ("alice", "forecast", f"/roadmaps/{SLUG}/forecast"),
        ("alice", "progress", f"/roadmaps/{SLUG}/progress"),
        ("alice", "what I have done", f"/roadmaps/{SLUG}/calibration"),
        ("alice", "time off", "/absences"),
        ("alice", "archive", "/account/archive"),
        ("alice", "github", "/evidence/import"),
        ("alice", "import", "/evidence/import"),
        ("bob", "invite", "/teams/ranking/members"),
        ("erin", "invite", "/admin/invitations"),
    ],
)
def test_the_palette_finds_pages_by_other_words(
    session: Session, cast: Cast, browser_of, now, who: str, words: str, href: str
) -> None:
    if who == "alice":
        enroll(session, cast.alice, now, SLUG)
    path = f"/search?{urlencode({'q': words})}"
    assert f'href="{href}"' in browser_of(getattr(cast, who)).get(path, fragment=True).text
    # Not by who may not open it.
    if href.startswith(("/admin", "/teams", f"/roadmaps/{SLUG}")):
        carol = browser_of(cast.carol)
        assert f'href="{href}"' not in carol.get(path, fragment=True).text


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


def test_the_palette_says_how_many_of_how_many(
    session: Session, cast: Cast, browser_of, now
) -> None:
    alice = browser_of(cast.alice)

    def said() -> str:
        page = alice.get("/search?q=quokka", fragment=True).text
        return " ".join(unescape(page.split('data-said="')[1].split('"')[0]).split())

    for count, text in (
        (1, "1 result"),
        (4, "5 results"),
        (4, "5 of 9 results"),
        (1, "5 of 10 results"),
        (1, "5 of more than 10 results"),
    ):
        for number in range(count):
            add_evidence(session, cast, cast.alice, now, title=f"Quokka {number}")
        assert said() == text


def test_a_hit_says_where_it_is(session: Session, cast: Cast, browser_of, now) -> None:
    text = f"{'It is about nothing. ' * 30}Then <i>a quokka</i> comes."
    add_evidence(session, cast, cast.alice, now, title="Census", description=text)
    add_evidence(session, cast, cast.alice, now, title="Quokka census")
    alice = browser_of(cast.alice)
    part = "&lt;i&gt;a <mark>quokka</mark>&lt;/i&gt; comes."
    assert part in alice.get("/search?q=quokka").text
    options = alice.get("/search?q=quokka", fragment=True).text
    assert part in options
    # Where the title says it, nothing else does.
    assert options.count("<mark>") == 1
    milestone = "/search?q=load+test"
    assert re.search(r"<mark>load</mark>", alice.get(milestone).text, re.IGNORECASE)


def test_what_somebody_shares_is_found_by_their_name(
    session: Session, cast: Cast, browser_of, now
) -> None:
    shared = add_evidence(session, cast, cast.alice, now, title="Census", description="A quokka.")
    submit_evidence(session, cast, shared, now)
    add_evidence(session, cast, cast.alice, now, title="Secret", visibility="private")
    session.commit()
    bob = browser_of(cast.bob)
    for words in ("alice", "alice+census", "quokka+alice"):
        assert found(bob, words)["Evidence"] == ["Census"]
        assert found(bob, words, fragment=True)["Evidence"] == ["Census"]
    # Neither by the address, nor one's own by one's own name, nor for those who see nothing shared.
    assert "Evidence" not in found(bob, "example.org")
    for name in ("alice", "carol", "dave", "erin"):
        assert "Evidence" not in found(browser_of(getattr(cast, name)), "alice")


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
