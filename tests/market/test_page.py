"""/market: figures with year and source, and wages by state as a map and a table."""

from __future__ import annotations

import re

import pytest

from roadmap.market.content import market_content
from roadmap.market.models import ImportedPay, PayImport
from tests.support.markup import text_of
from tests.support.statements import record_session_statements


@pytest.fixture
def page(cast, browser_of) -> str:
    return browser_of(cast.alice).get("/market").text


def test_figures_show_year_and_source(page):
    market = market_content()
    for figure in market.figures:
        row = page.partition(f'<tr id="{figure.key}">')[2].partition("</tr>")[0]
        assert str(figure.year) in row
        assert f'href="#source-{figure.source}"' in row
        assert ("secondary copy" in row) == figure.secondary
        assert f'id="source-{figure.source}"' in page
        if figure.soc:
            assert market.occupation(figure.soc).label in row
    older = page.partition('<tr id="research-scientists-growth-2033">')[2].partition("</tr>")[0]
    assert 'href="#research-scientists-growth-2034"' in older


def test_page_shows_the_guide_statements(page):
    text = text_of(page)
    for phrase in (
        *("150,000 to 280,000 USD", "above 400,000 USD", "below 63,650 USD", "33.5%"),
        *("Levels.fyi", "calls demand strong", "AI start-ups", "self-driving vehicles"),
        *("Data scientists, not ML engineers", "15-2051", "data sources of that guide"),
        *("Taylor Rupe, co-founder and editor", "Oregon State", "Hakia"),
    ):
        assert phrase in text
    states = page.partition("Where the largest employers are")[2].partition("</ol>")[0]
    assert re.findall(r">([A-Z][\w ]+)</a>", states) == [
        "California", "Washington", "New York", "Massachusetts",
    ]  # fmt: skip


def test_map_text_matches_the_table(page):
    tiles = re.findall(r'class="state-tile level-(\d)" href="#state-(\w\w)">(.*?)</a>', page, re.S)
    assert len(tiles) == 51
    table = page.partition('id="states"')[2]
    for level, code, content in tiles:
        name, _colon, pay = re.search(r'sr-only">([^<]+)<', content)[1].partition(": ")
        row = text_of(table.partition(f'<tr id="state-{code}">')[2].partition("</tr>")[0])
        assert row.startswith(f"{name} {code} ")
        assert row.endswith(f" {pay}")
        assert (level == "0") == (pay == "not published")
    assert "Arkansas: not published" in page


def test_partial_series_is_labelled(cast, browser_of):
    page = browser_of(cast.alice).get("/market?figures=15-2051-2024-median").text
    assert "Five of fifty-one" in page
    assert "Washington: 158,760" in page
    assert "Texas: not in the source" in page
    assert "not published" not in page.partition('id="by-state"')[2]


def test_table_can_be_sorted_by_name_or_pay(cast, browser_of):
    alice = browser_of(cast.alice)

    def order(url: str) -> list[str]:
        table = alice.get(url).text.partition('id="states"')[2]
        return re.findall(r'<tr id="state-(\w\w)">', table)

    assert order("/market")[:3] == ["AL", "AK", "AZ"]
    by_pay = order("/market?order=pay")
    assert by_pay[:3] == ["WA", "CA", "DE"]
    assert by_pay[-2:] == ["AR", "WY"]
    assert sorted(by_pay) == sorted(order("/market?order=nonsense&figures=nonsense"))


def test_page_is_in_the_menu_and_requires_sign_in(cast, browser_of):
    assert browser_of().get("/market").location == "/login?next=/market"
    assert 'href="/market"' in browser_of(cast.mallory).get("/").text


def test_statement_count_does_not_grow_with_imports(cast, browser_of, session, now):
    alice, counts = browser_of(cast.alice), []
    for year in (2022, 2023, 2024):
        states = [ImportedPay(state=state.code, mean=1) for state in market_content().states]
        session.add(
            PayImport(
                soc="15-2051", year=year, file_name="a", sha256="", imported_at=now, states=states
            )
        )
        session.commit()
        with record_session_statements(session) as counted:
            alice.get("/market")
        counts.append(len(counted))
    assert counts[0] == counts[1] == counts[2]
