"""GET /roadmaps/<slug>?show=…&skill=… and a stage's page: the checklist filters."""

from __future__ import annotations

import datetime as dt
import re

import pytest

PAGE = "/roadmaps/senior-ml-engineer"
KEY, OTHER = "bachelors-degree-or-equivalent", "algorithms-ml-systems-use"


@pytest.fixture
def alice(cast, browser_of):
    """Alice with one milestone done, one in progress, and two with a target date."""
    browser = browser_of(cast.alice)
    browser.post(f"{PAGE}/enrollment", {})
    milestones = f"{PAGE}/milestones"
    browser.put(f"{milestones}/{KEY}/completion", fragment=True)
    browser.put(f"{milestones}/{OTHER}/status", {"status": "in_progress"}, fragment=True)
    today = dt.datetime.now(dt.UTC).date()
    for key, days in ((keys_of(browser)[5], 20), (keys_of(browser)[6], 60)):
        target = (today + dt.timedelta(days=days)).isoformat()
        browser.put(f"{milestones}/{key}/plan", {"target_on": target}, fragment=True)
    return browser


def keys_of(browser, query: str = "", **more: bool) -> list[str]:
    """Return the milestones whose rows a page shows."""
    page = browser.get(f"{PAGE}{query}", **more).text
    return re.findall(r"<a class=row-title href=\S+/milestones/([\w-]+)", page)


def count(page: str, name: str) -> int:
    """Return the number that stands at a filter."""
    found = re.search(rf'id="show-{name}"[^>]*>.*?filter-count">(\d+)<', page, re.DOTALL)
    assert found
    return int(found[1])


def test_each_leaves_its_milestones_and_says_how_many(alice):
    every = keys_of(alice)
    page = alice.get(PAGE).text
    expected = {
        "open": [key for key in every if key != KEY],
        "in-progress": [OTHER],
        "due": [every[5]],
        "done": [KEY],
        "without-evidence": [KEY],
        "not-verified": every,
    }
    for name, keys in expected.items():
        assert keys_of(alice, f"?show={name}") == keys
        assert count(page, name) == len(keys)
    assert count(page, "all") == len(every) == 89


def test_a_skill_narrows_the_counts_too(alice):
    page = alice.get(f"{PAGE}?show=open&skill=mlops").text
    shown = keys_of(alice, "?show=open&skill=mlops")
    assert 0 < len(shown) < 40
    assert count(page, "open") == len(shown)
    assert f'href="{PAGE}?show=due&amp;skill=mlops"' in page


def test_nothing_that_matches_shows_the_way_back(alice):
    page = alice.get(f"{PAGE}/visibility?show=in-progress").text
    assert "No milestone matches" in page
    assert f'href="{PAGE}/visibility"' in page


def test_what_is_unknown_filters_nothing(alice):
    assert len(keys_of(alice, "?show=nonsense&skill=nonsense")) == 89


@pytest.mark.parametrize("path", ["", "/foundations"])
def test_htmx_gets_the_list_and_the_counts(path, alice):
    answer = alice.get(f"{PAGE}{path}?show=in-progress", fragment=True)
    assert "<html" not in answer.text
    assert keys_of(alice, f"{path}?show=in-progress", fragment=True) == [OTHER]
    assert 'id="filters" class="checklist-filters"' in answer.text
    assert "1 milestone" in answer.headers["HX-Trigger"]


def test_what_a_browser_keeps_of_one_filter_is_not_shown_for_another(alice, cast):
    alice.get(PAGE)
    tag = {"If-None-Match": alice.get(f"{PAGE}?show=open").headers["ETag"]}
    assert alice.get(f"{PAGE}?show=open", headers=tag).status_code == 304
    assert alice.get(f"{PAGE}?show=due", headers=tag).status_code == 200
    assert alice.get(f"{PAGE}?show=open", headers=tag, fragment=True).status_code == 200
    alice.client.set_cookie("folded", f"{cast.alice}.foundations", domain="localhost")
    assert alice.get(f"{PAGE}?show=open", headers=tag).status_code == 200


def test_a_tick_answers_with_the_counts_and_the_gain(alice):
    answer = alice.put(f"{PAGE}/milestones/{OTHER}/completion", fragment=True)
    assert count(answer.text, "without-evidence") == 2
    gain = re.search(r'class="score-gain">(\+\d\.\d)<', answer.text)
    assert gain
    assert f"Readiness {gain[1]}" in answer.headers["HX-Trigger"]


def test_a_tick_without_scripts_comes_back_to_the_filtered_list(alice):
    came_from = f"http://localhost{PAGE}/foundations?show=open&skill=mlops"
    alice.client.environ_base["HTTP_REFERER"] = came_from
    answer = alice.put(f"{PAGE}/milestones/{OTHER}/completion")
    assert answer.headers["Location"].startswith(f"{PAGE}/foundations?show=open&skill=mlops#m")


def test_a_stage_comes_folded_as_it_was_left(alice, cast):
    def is_open(key: str) -> bool:
        return f'<details data-fold="{key}" open>' in alice.get(PAGE).text

    alice.client.set_cookie("folded", f"{cast.alice}.foundations", domain="localhost")
    assert (is_open("foundations"), is_open("experience")) == (False, True)
    alice.client.set_cookie("folded", "somebody-else.foundations", domain="localhost")
    assert is_open("foundations")
