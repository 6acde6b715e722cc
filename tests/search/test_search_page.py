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
from roadmap.search.kinds.pages import PAGES, ROADMAP_PAGES
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


def search_results(
    browser: BrowserClient, text: str, *, fragment: bool = False
) -> dict[str, list[str]]:
    """Return the titles of the results by heading, in the order of the page."""
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


def test_search_ignores_accents_and_case(session: Session, cast: Cast, browser_of, now) -> None:
    for title in TITLES:
        add_evidence(session, cast, cast.alice, now, title=title)
    alice = browser_of(cast.alice)
    for query, title in zip(("elan", "STRASSE", "uberwachung"), TITLES, strict=True):
        assert search_results(alice, query)["Evidence"] == [title]


@pytest.mark.parametrize("fragment", [False, True], ids=["page", "palette"])
def test_advice_without_results_fits_the_number_of_words(cast: Cast, browser_of, fragment) -> None:
    alice = browser_of(cast.alice)
    one = alice.get("/search?q=Nortcloud", fragment=fragment).text
    assert "Check the spelling, or search for part of the word." in one
    assert "fewer words" not in one
    assert "Search for fewer words" in alice.get("/search?q=Nort+cloud", fragment=fragment).text


def test_title_matches_rank_before_text_matches(
    session: Session, cast: Cast, browser_of, now
) -> None:
    # Titles starting with the word, then containing it, then containing it as a part, then texts.
    for title, text in (
        ("About nothing", "It has a quokka."),
        ("Antiquokka", ""),
        ("The quokka", ""),
        ("Quokka", ""),
        ("Something else", ""),
    ):
        add_evidence(session, cast, cast.alice, now, title=title, description=text)
    alice = browser_of(cast.alice)
    expected = ["Quokka", "The quokka", "Antiquokka", "About nothing"]
    assert search_results(alice, "quokka") == {"Evidence": expected}
    assert search_results(alice, "quokka", fragment=True) == {"Evidence": expected}
    # Every word must occur in the title or the text.
    assert search_results(alice, "nothing quokka") == {"Evidence": ["About nothing"]}
    assert search_results(alice, "100%25_quokka") == {}


def test_milestones_are_found_by_their_completion_criterion(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    assert search_results(alice, "design document")["Milestones"]
    page = alice.get("/search?q=mentor+a+junior").text
    assert f'href="/roadmaps/{SLUG}/milestones/mentor-a-junior-engineer"' in page


def test_pages_and_skills_are_found(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    assert "API tokens" in search_results(alice, "token")["Pages"]
    assert "Mentoring" in " ".join(search_results(alice, "mentoring")["Skills"])
    # Without a query the palette offers pages, but the search page shows nothing.
    assert search_results(alice, "", fragment=True)["Pages"][0] == "Dashboard"
    assert search_results(alice, "") == {}
    assert "Enter a word" in alice.get("/search?q=-").text


def test_searchable_pages_have_a_route(app) -> None:
    urls = app.url_map.bind("localhost")
    for start, place in (
        *(("", each) for each in PAGES),
        *((f"/roadmaps/{SLUG}", each) for each in ROADMAP_PAGES),
    ):
        assert urls.test(start + urlsplit(place.href).path), place.href


def test_pages_of_the_top_bar_are_searchable(cast: Cast, browser_of) -> None:
    page = browser_of(cast.erin).get("/skills").text
    navigation = page[page.index('<header class="topbar">') : page.index("</header>")]
    assert set(re.findall(r'href="([^"#]+)"', navigation)) - {"/search"} <= {
        each.href for each in PAGES
    }


# The search itself, confirmation pages, and the password reset.
UNSEARCHABLE_PATHS = (
    "/search",
    "/logout",
    "/account/confirm",
    "/password/forgot",
    "/password/sent",
    "/teams/ranking/membership",
)


@pytest.mark.parametrize("role", ["alice", "bob", "erin"])
def test_pages_are_found_by_their_heading(
    app, session: Session, cast: Cast, browser_of, now, role: str
) -> None:
    """Also by the text of its navigation link, and for each page of a roadmap and a team."""
    person = getattr(cast, role)
    if role == "alice":
        enroll(session, person, now, SLUG)
    browser = browser_of(person)
    names: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        slug = "ranking" if rule.rule.startswith("/teams/") else SLUG
        path = rule.rule.replace("<slug>", slug)
        if "GET" not in rule.methods or rule.arguments - {"slug"} or path in UNSEARCHABLE_PATHS:
            continue
        page = browser.get(path)
        if page.status_code != 200 or page.mimetype != "text/html":
            continue
        if heading := re.search(r"<h1[^>]*>(.*?)</h1>", page.text):
            names[path] = {unescape(re.sub("<[^>]+>", " ", heading[1]))}
    assert {"/absences", "/activity", "/evidence/import", "/account/archive"} < set(names)
    navigation = browser.get("/skills").text
    navigation = navigation[
        navigation.index('<nav class="main-nav"') : navigation.index("</header>")
    ]
    for path, name in re.findall(r'<a [^>]*?href="(/[^"#]*)"[^>]*>([^<]+)</a>', navigation):
        names.setdefault(path, set()).add(unescape(name))
    missing = [
        (path, name)
        for path, of_path in names.items()
        for name in of_path
        # These headings are a date and the user's name.
        if path not in ("/activity/since", "/portfolio/preview")
        # Administrators find the list of teams, not the team pages.
        and (role != "erin" or not path.startswith("/teams/"))
        and name != f"Welcome, {role.title()}"
        and f'href="{path}"' not in browser.get(f"/search?{urlencode({'q': name})}&in=pages").text
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("role", "query", "href"),
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
def test_palette_finds_pages_by_synonyms(
    session: Session, cast: Cast, browser_of, now, role: str, query: str, href: str
) -> None:
    if role == "alice":
        enroll(session, cast.alice, now, SLUG)
    path = f"/search?{urlencode({'q': query})}"
    assert f'href="{href}"' in browser_of(getattr(cast, role)).get(path, fragment=True).text
    # Users without permission do not find it.
    if href.startswith(("/admin", "/teams", f"/roadmaps/{SLUG}")):
        carol = browser_of(cast.carol)
        assert f'href="{href}"' not in carol.get(path, fragment=True).text


def test_pages_are_found_only_with_permission(cast: Cast, browser_of) -> None:
    assert "Audit log" not in search_results(browser_of(cast.alice), "audit log").get("Pages", [])
    assert "Audit log" in search_results(browser_of(cast.erin), "audit log")["Pages"]
    assert "Ranking" in search_results(browser_of(cast.bob), "ranking")["Pages"]
    assert "Ranking" not in search_results(browser_of(cast.dave), "ranking").get("Pages", [])


@pytest.mark.parametrize("role", ["manager", "mentor"])
def test_manager_and_mentor_find_only_shared_evidence(
    session: Session, cast: Cast, browser_of, now, role: str
) -> None:
    """Drafts and private evidence change no byte of the results of other users."""
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

    assert search_results(others["bob"], "quokka") == {"Evidence": ["Quokka census"]}
    assert f'href="/reviews/{shared.id}"' in others["bob"].get("/search?q=quokka").text
    assert all(search_results(others[name], "quokka") == {} for name in ("carol", "dave", "erin"))
    before = answers()
    add_evidence(session, cast, cast.alice, now, title="Quokka draft")
    private = add_evidence(
        session, cast, cast.alice, now, title="Quokka secret", visibility="private"
    )
    session.commit()
    assert answers() == before
    assert private.title in search_results(browser_of(cast.alice), "quokka")["Evidence"]


def test_unsubmitted_edits_are_found_only_by_their_author(
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
    assert search_results(bob, "wombat") == {}
    assert len(search_results(bob, "quokka")["Evidence"]) == 1
    assert len(search_results(browser_of(cast.alice), "wombat")["Evidence"]) == 1
    # Verified evidence that its author made private is not found either.
    private = evidence_input(description="It has a wombat.", visibility="private")
    actions.edit(session, piece, private, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    assert search_results(bob, "quokka") == {}


@pytest.mark.parametrize("role", ["bob", "erin", "carol", "dave"])
def test_people_are_found_only_by_managers_and_administrators(
    session: Session, cast: Cast, browser_of, role: str
) -> None:
    browser = browser_of(getattr(cast, role))
    people = search_results(browser, "alice").get("People", [])
    assert people == (["Alice"] if role in ("bob", "erin") else [])
    href = {"bob": f"/teams/ranking/people/{cast.alice}", "erin": f"/admin/people/{cast.alice}"}
    if role in href:
        assert f'href="{href[role]}"' in browser.get("/search?q=alice").text
    # Only administrators can search by email address.
    assert ("People" in search_results(browser, "example.org")) == (role == "erin")


def test_number_of_results_is_limited(session: Session, cast: Cast, browser_of, now) -> None:
    for number in range(12):
        add_evidence(session, cast, cast.alice, now, title=f"Quokka {number}")
    alice = browser_of(cast.alice)
    assert len(search_results(alice, "quokka", fragment=True)["Evidence"]) == 5
    assert len(search_results(alice, "quokka")["Evidence"]) == 10
    assert 'href="/search?q=quokka&amp;in=evidence"' in alice.get("/search?q=quokka").text
    assert len(search_results(alice, "quokka&in=evidence")["Evidence"]) == 12
    # A long query is cut, and at most eight words are searched.
    assert alice.get(f"/search?q={'quokka+' * 2000}").status_code == 200


def test_palette_announces_the_number_of_results(
    session: Session, cast: Cast, browser_of, now
) -> None:
    alice = browser_of(cast.alice)

    def announcement() -> str:
        page = alice.get("/search?q=quokka", fragment=True).text
        return " ".join(unescape(page.split('data-said="')[1].split('"')[0]).split())

    for count, text in (
        (1, "1 result"),
        (4, "5 results"),
        (4, "5 of 9 results"),
        (1, "5 of 10 results"),
        (1, "The best 5 results. There are more than 10."),
    ):
        for number in range(count):
            add_evidence(session, cast, cast.alice, now, title=f"Quokka {number}")
        assert announcement() == text


def test_result_shows_an_excerpt_around_the_match(
    session: Session, cast: Cast, browser_of, now
) -> None:
    text = f"{'It is about nothing. ' * 30}Then <i>a quokka</i> comes."
    add_evidence(session, cast, cast.alice, now, title="Census", description=text)
    add_evidence(session, cast, cast.alice, now, title="Quokka census")
    alice = browser_of(cast.alice)
    part = "&lt;i&gt;a <mark>quokka</mark>&lt;/i&gt; comes."
    assert part in alice.get("/search?q=quokka").text
    options = alice.get("/search?q=quokka", fragment=True).text
    assert part in options
    # A hit with the word in its title has no excerpt.
    assert options.count("<mark>") == 1
    milestone = "/search?q=load+test"
    assert re.search(r"<mark>load</mark>", alice.get(milestone).text, re.IGNORECASE)


def test_certificate_is_found_by_its_issuer(session: Session, cast: Cast, browser_of, now) -> None:
    issuer = "Institut für Quokkas"
    add_evidence(
        session, cast, cast.alice, now, title="Census", kind="certification", issuer=issuer
    )
    alice = browser_of(cast.alice)
    for fragment in (False, True):
        page = alice.get("/search?q=quokka", fragment=fragment).text
        assert ">Issuer: Institut für <mark>Quokka</mark>s<" in page
    assert "Census" in alice.get("/evidence?q=fur+quokka").text


def test_role_in_excerpt_is_labelled_for_its_reader(
    session: Session, cast: Cast, browser_of, now
) -> None:
    piece = add_evidence(session, cast, cast.alice, now, role="Counted <i>the quokkas.")
    submit_evidence(session, cast, piece, now)
    for reader, label in ((cast.alice, "Your role"), (cast.bob, "Their role")):
        page = browser_of(reader).get("/search?q=quokka").text
        assert f">{label}: Counted &lt;i&gt;the <mark>quokka</mark>s.<" in page


def test_excerpt_of_markdown_is_plain_text(session: Session, cast: Cast, browser_of, now) -> None:
    text = (
        "# Census\n\nCounts **a quokka** per `island`, see [Rottnest](https://wadjemup.example).\n\n"
        "| year | count |\n|---|---|\n| 2025 | *9* |"
    )
    add_evidence(session, cast, cast.alice, now, title="Field notes", description=text)
    alice = browser_of(cast.alice)
    plain = (
        "Census Counts a <mark>quokka</mark> per island, see Rottnest. · year · count · 2025 · 9"
    )
    assert f">{plain}<" in alice.get("/search?q=quokka").text
    assert (
        ">Census Counts a <mark>quokka</mark> per"
        in alice.get("/search?q=quokka", fragment=True).text
    )
    # A match in the address of a link is shown with the address, and one in other markup is not.
    assert ">Link: https://<mark>wadjemup</mark>.example<" in alice.get("/search?q=wadjemup").text
    assert ">Census Counts a quokka per island" in alice.get("/search?q=%7C").text


def test_shared_evidence_is_found_by_its_author_name(
    session: Session, cast: Cast, browser_of, now
) -> None:
    shared = add_evidence(session, cast, cast.alice, now, title="Census", description="A quokka.")
    submit_evidence(session, cast, shared, now)
    add_evidence(session, cast, cast.alice, now, title="Secret", visibility="private")
    session.commit()
    bob = browser_of(cast.bob)
    for query in ("alice", "alice+census", "quokka+alice"):
        assert search_results(bob, query)["Evidence"] == ["Census"]
        assert search_results(bob, query, fragment=True)["Evidence"] == ["Census"]
    # Not by email address, not own evidence by own name, and not for users without access.
    assert "Evidence" not in search_results(bob, "example.org")
    for name in ("alice", "carol", "dave", "erin"):
        assert "Evidence" not in search_results(browser_of(getattr(cast, name)), "alice")


def test_deactivated_users_are_not_found(session: Session, cast: Cast, browser_of, now) -> None:
    session.get_one(User, cast.carol).deactivated_at = now
    session.commit()
    assert "People" not in search_results(browser_of(cast.bob), "carol")


def test_statement_count_does_not_grow_with_results(
    app, session: Session, cast: Cast, browser_of, now
) -> None:
    bob = browser_of(cast.bob)
    statement_counts = []
    for count in (1, 6):
        for _piece in range(count):
            piece = add_evidence(session, cast, cast.alice, now, title="Alice's quokka")
            submit_evidence(session, cast, piece, now)
        statement_counts.append(
            len(statements_of(app, lambda: bob.get("/search?q=alice", fragment=True)))
        )
    assert statement_counts[0] == statement_counts[1] <= 16
