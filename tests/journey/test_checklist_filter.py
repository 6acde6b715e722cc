"""GET /roadmaps/<slug>?show=…&skill=… and a stage's page: the checklist filters."""

from __future__ import annotations

import datetime as dt
import re

import pytest

PAGE = "/roadmaps/senior-ml-engineer"
DONE, IN_PROGRESS = "bachelors-degree-or-equivalent", "algorithms-ml-systems-use"


@pytest.fixture
def alice(cast, browser_of):
    """Alice with one milestone done, one in progress, and two with a target date."""
    browser = browser_of(cast.alice)
    browser.post(f"{PAGE}/enrollment", {})
    milestones = f"{PAGE}/milestones"
    browser.put(f"{milestones}/{DONE}/completion", fragment=True)
    browser.put(f"{milestones}/{IN_PROGRESS}/status", {"status": "in_progress"}, fragment=True)
    today = dt.datetime.now(dt.UTC).date()
    for key, days in ((shown_keys(browser)[5], 20), (shown_keys(browser)[6], 60)):
        target = (today + dt.timedelta(days=days)).isoformat()
        browser.put(f"{milestones}/{key}/plan", {"target_on": target}, fragment=True)
    return browser


def shown_keys(browser, query: str = "", **options: bool) -> list[str]:
    """Return the milestones whose rows a page shows."""
    page = browser.get(f"{PAGE}{query}", **options).text
    return re.findall(r"<a class=row-title href=\S+/milestones/([\w-]+)", page)


def filter_count(page: str, name: str) -> int:
    """Return the number shown next to a filter."""
    found = re.search(rf'id="show-{name}"[^>]*>.*?filter-count">(\d+)<', page, re.DOTALL)
    assert found
    return int(found[1])


def test_filters_show_matching_milestones_and_counts(alice):
    every = shown_keys(alice)
    page = alice.get(PAGE).text
    expected = {
        "open": [key for key in every if key != DONE],
        "in-progress": [IN_PROGRESS],
        "due": [every[5]],
        "done": [DONE],
        "without-evidence": [DONE],
        "not-verified": [DONE],
    }
    for name, keys in expected.items():
        assert shown_keys(alice, f"?show={name}") == keys
        assert filter_count(page, name) == len(keys)
    assert filter_count(page, "all") == len(every) == 89


def test_skill_filter_narrows_counts(alice):
    page = alice.get(f"{PAGE}?show=open&skill=mlops").text
    shown = shown_keys(alice, "?show=open&skill=mlops")
    assert 0 < len(shown) < 40
    assert filter_count(page, "open") == len(shown)
    assert f'href="{PAGE}?show=due&amp;skill=mlops"' in page


def test_filter_without_matches_links_to_unfiltered_list(alice):
    page = alice.get(f"{PAGE}/visibility?show=in-progress").text
    assert "No milestone matches" in page
    assert f'href="{PAGE}/visibility"' in page


def test_unknown_filter_shows_all_milestones(alice):
    assert len(shown_keys(alice, "?show=nonsense&skill=nonsense")) == 89


@pytest.mark.parametrize("path", ["", "/foundations"], ids=["roadmap", "stage"])
def test_htmx_request_gets_list_and_counts(path, alice):
    answer = alice.get(f"{PAGE}{path}?show=in-progress", fragment=True)
    assert "<html" not in answer.text
    assert shown_keys(alice, f"{path}?show=in-progress", fragment=True) == [IN_PROGRESS]
    assert 'id="filters" class="checklist-filters"' in answer.text
    assert "1 milestone" in answer.headers["HX-Trigger"]


def test_etag_differs_by_filter_and_collapsed_stages(alice, cast):
    alice.get(PAGE)
    tag = {"If-None-Match": alice.get(f"{PAGE}?show=open").headers["ETag"]}
    assert alice.get(f"{PAGE}?show=open", headers=tag).status_code == 304
    assert alice.get(f"{PAGE}?show=due", headers=tag).status_code == 200
    assert alice.get(f"{PAGE}?show=open", headers=tag, fragment=True).status_code == 200
    alice.client.set_cookie("folded", f"{cast.alice}.foundations", domain="localhost")
    assert alice.get(f"{PAGE}?show=open", headers=tag).status_code == 200


def test_completion_response_has_counts_and_score_gain(alice):
    answer = alice.put(f"{PAGE}/milestones/{IN_PROGRESS}/completion", fragment=True)
    assert filter_count(answer.text, "without-evidence") == 2
    gain = re.search(r'class="score-gain pine">(\+\d\.\d)<', answer.text)
    assert gain
    assert f"Change in readiness: {gain[1]}" in answer.headers["HX-Trigger"]
    undone = alice.delete(f"{PAGE}/milestones/{IN_PROGRESS}/completion", fragment=True)
    assert f'class="score-gain muted">{gain[1].replace("+", "−")}<' in undone.text


def test_completion_without_javascript_returns_to_filtered_list(alice):
    referrer = f"http://localhost{PAGE}/foundations?show=open&skill=mlops"
    alice.client.environ_base["HTTP_REFERER"] = referrer
    answer = alice.put(f"{PAGE}/milestones/{IN_PROGRESS}/completion")
    assert answer.headers["Location"].startswith(f"{PAGE}/foundations?show=open&skill=mlops#m")


def test_stage_is_collapsed_by_cookie_of_same_user(alice, cast):
    def is_open(key: str) -> bool:
        return f'<details data-fold="{key}" open>' in alice.get(PAGE).text

    alice.client.set_cookie("folded", f"{cast.alice}.foundations", domain="localhost")
    assert (is_open("foundations"), is_open("experience")) == (False, True)
    alice.client.set_cookie("folded", "somebody-else.foundations", domain="localhost")
    assert is_open("foundations")
