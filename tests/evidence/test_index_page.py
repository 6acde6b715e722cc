"""GET /evidence"""

from __future__ import annotations

import datetime as dt

import pytest

from roadmap.core.dates import PartialDate
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.list_query import Filters, list_evidence, load_overview
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    add_evidence,
    review_evidence,
    submit_evidence,
)
from tests.support.markup import flat
from tests.support.statements import statements_of


def test_list_shows_evidence_counts_and_milestones(session, cast, now, browser_of):
    add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    page = browser_of(cast.alice).get("/evidence")
    assert page.status_code == 200
    assert "1 piece: 0 verified, 1 not verified." in flat(page.text)
    assert '<option value="evidenced">Not verified' in page.text
    assert "Feature store design" in page.text
    assert "Write the design document of an ML system" in page.text


def test_row_shows_review_state(session, cast, now, browser_of):
    """Evidence that counts for no milestone is not labelled as evidenced."""
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    alice = browser_of(cast.alice)
    states = []
    for step in (submit_evidence, review_evidence, None):
        page = flat(alice.get("/evidence", fragment=True).text)
        states.append(page.split('<div class="side">')[1].split("</div>")[0])
        if step is not None:
            step(session, cast, piece, now)
    assert "Draft" in states[0]
    assert "Submitted" in states[1]
    assert "tone-verified" in states[2]
    assert "tone-evidenced" not in "".join(states)


def test_empty_list_suggests_every_kind(cast, browser_of):
    page = browser_of(cast.alice).get("/evidence").text
    assert "No evidence yet" in page
    assert page.count("/evidence/new?kind=") == len(KINDS)


def test_htmx_response_contains_only_the_list(session, cast, now, browser_of):
    add_evidence(session, cast, cast.alice, now)
    part = browser_of(cast.alice).get("/evidence?q=feature", fragment=True)
    assert part.text.lstrip().startswith('<div id="pieces">')
    assert "1 piece found." in part.text


def test_list_requires_login(browser_of):
    answer = browser_of().get("/evidence")
    assert (answer.status_code, "/login" in answer.headers["Location"]) == (303, True)


def test_list_contains_only_own_evidence(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.carol, now, title="Carol's own", milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    for person in (cast.alice, cast.bob, cast.erin):
        page = browser_of(person).get("/evidence?q=Carol").text
        assert "Carol's own" not in page.replace("&#39;", "'")


@pytest.mark.parametrize(
    "query",
    ["kind=nonsense", "sort=nonsense", "page=0", "page=9999999", "page=x", "year=0", "year=-1",
     "q=%ED%A0%80", "tone=&state=&skill=none-such", "year=٢٠٢٦"],
)  # fmt: skip
def test_invalid_filters_are_ignored(session, cast, now, browser_of, query):
    add_evidence(session, cast, cast.alice, now)
    assert browser_of(cast.alice).get(f"/evidence?{query}").status_code == 200


@pytest.mark.parametrize("query", ["q=%00", "milestone=%00"])
def test_nul_in_filter_is_rejected(cast, browser_of, query):
    answer = browser_of(cast.alice).get(f"/evidence?{query}")
    assert answer.status_code == 400
    assert "Something in it was missing or could not be read" in answer.text


@pytest.fixture
def evidence_list(session, cast, now):
    """Create four pieces of Alice's evidence that differ in all filtered fields."""
    design = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], skills=["mlops"])
    submit_evidence(session, cast, design, now)
    review_evidence(session, cast, design, now)
    lapsed = {"kind": "certification", "title": "Badge", "expires_on": PartialDate("2026-04-01")}
    add_evidence(session, cast, cast.alice, now, **lapsed)
    old = {"kind": "talk", "title": "100% uptime_talk", "occurred_on": PartialDate("2024-07-01")}
    add_evidence(session, cast, cast.alice, now, milestones=[LEVELS], visibility="team", **old)
    add_evidence(
        session, cast, cast.alice, now, title="Secret", visibility="private", role="Über-Rolle"
    )


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({"kind": "talk"}, {"100% uptime_talk"}),
        ({"kind": "talk,certification"}, {"100% uptime_talk", "Badge"}),
        ({"state": "verified"}, {"Feature store design"}),
        ({"tone": "verified"}, {"Feature store design"}),
        ({"tone": "lapsed"}, {"Badge"}),
        ({"tone": "evidenced"}, {"100% uptime_talk", "Secret"}),
        ({"visibility": "private"}, {"Secret"}),
        ({"milestone": LEVELS}, {"100% uptime_talk"}),
        ({"skill": "mlops"}, {"Feature store design"}),
        ({"year": 2024}, {"100% uptime_talk"}),
        ({"q": "100%"}, {"100% uptime_talk"}),
        ({"q": "e_t"}, {"100% uptime_talk"}),
        ({"q": "rolle"}, {"Secret"}),
        ({"q": "STORE feature"}, {"Feature store design"}),
        ({"q": "store nowhere"}, set()),
        ({"q": "a/b"}, set()),
        ({"q": "store", "kind": "design_doc", "state": "verified"}, {"Feature store design"}),
        ({"q": "store", "kind": "talk"}, set()),
    ],
)
def test_filter_selects_matching_evidence(session, cast, evidence_list, filters, titles):
    found = list_evidence(session, cast.alice, Filters(**filters), today=dt.date(2026, 6, 1))
    assert {row.title for row in found.items} == titles
    assert found.found == len(titles)


def test_partial_dates_sort_by_first_day_and_lapse_after_last_day(session, cast, now):
    for title, date in (("Day", "2024-02-29"), ("Month", "2024-02"), ("Year", "2024")):
        add_evidence(session, cast, cast.alice, now, title=title, occurred_on=PartialDate(date))
    for title, date in (("Lapsed", "2026-05"), ("Valid", "2026-06"), ("Still valid", "2026")):
        certificate = {"kind": "certification", "expires_on": PartialDate(date)}
        add_evidence(session, cast, cast.alice, now, title=title, **certificate)
    today = dt.date(2026, 6, 30)
    found = list_evidence(session, cast.alice, Filters(year=2024, sort="oldest"), today=today)
    assert [item.title for item in found.items] == ["Year", "Month", "Day"]
    lapsed = list_evidence(session, cast.alice, Filters(tone="lapsed"), today=today).items
    assert [(item.title, item.has_lapsed(today)) for item in lapsed] == [("Lapsed", True)]
    overview = load_overview(session, cast.alice, today=today)
    assert (overview.years, overview.tones["lapsed"]) == ((2026, 2024), 1)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ('"point-in-time"', 1),
        ('"features and labels"', 1),
        ("“features and labels”", 1),
        ('"labels and features"', 0),
        ('join "and labels', 1),
        ('""', 1),
    ],
)
def test_quoted_words_match_as_phrase(session, cast, now, q, found):
    add_evidence(session, cast, cast.alice, now, title="Point-in-time join of features and labels")
    listed = list_evidence(session, cast.alice, Filters(q=q), today=dt.date(2026, 6, 1))
    assert listed.found == found


@pytest.mark.parametrize("q", ["über", "ÜBER", "étude", "Étude de CAS", "разбор"])
def test_search_ignores_case_in_any_language(session, cast, now, q):
    add_evidence(session, cast, cast.alice, now, title="Étude de cas ÜBER Latenz, Разбор")
    assert list_evidence(session, cast.alice, Filters(q=q), today=dt.date(2026, 6, 1)).found == 1


@pytest.mark.parametrize(
    ("sort", "first"),
    [("oldest", "100% uptime_talk"), ("title", "100% uptime_talk"), ("newest", "Secret")],
)
def test_list_is_sorted(session, cast, evidence_list, sort, first):
    found = list_evidence(session, cast.alice, Filters(sort=sort), today=dt.date(2026, 6, 1))
    assert found.items[0].title == first


def test_list_has_fifty_rows_per_page(session, cast, now, browser_of):
    for number in range(51):
        add_evidence(session, cast, cast.alice, now, title=f"Piece {number:02}")
    browser = browser_of(cast.alice)
    first, second = (browser.get(f"/evidence?sort=title&page={n}").text for n in (1, 2))
    assert "Piece 00" in first
    assert "Piece 50" not in first
    assert "sort=title&amp;page=2" in first
    # A page number beyond the end shows the last page.
    beyond = browser.get("/evidence?sort=title&page=7").text
    assert "Piece 50" in beyond
    assert "Piece 49" not in beyond
    assert "Piece 50" in second
    assert 'rel="prev"' in second


def test_statement_count_does_not_grow_with_rows(app, session, cast, now, browser_of):
    browser = browser_of(cast.alice)
    counts = []
    for _ in range(2):
        for _ in range(4):
            add_evidence(
                session, cast, cast.alice, now, milestones=[DESIGN, LEVELS], impacts=(LATENCY,)
            )
        counts.append(len(statements_of(app, lambda: browser.get("/evidence"))))
    assert counts[0] == counts[1]
