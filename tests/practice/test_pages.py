"""/practice: question groups, filters and search, a question, and its downloads."""

from __future__ import annotations

import html
import re

import pytest

from roadmap.practice.queries import question_bank

CODED = "/practice/feature-cache-with-expiry"


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def shown(page: str) -> list[str]:
    """The questions of the list, which follows today's."""
    page = page.partition('class="filters"')[2]
    return re.findall(r'class="title" href="/practice/([^"]+)"', page)


def words(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", "", page).split()))


def tab(page: str, title: str) -> str:
    return re.search(rf'<a href="([^"]+)"[^>]*>{title} \(\d+\)</a>', page)[1].replace("&amp;", "&")


def test_the_list_has_all_questions_in_their_groups_with_counts(alice):
    page = alice.get("/practice").text
    bank = question_bank()
    assert shown(page) == [each.key for each in bank.questions]
    for each in bank.groups:
        assert f"{each.title} ({sum(q.group == each.key for q in bank.questions)})" in page
        assert each.summary in words(page)
    assert "81 questions." in page
    assert page.count('class="cite"') == 17
    assert 'id="source-guide"' in page


def test_it_is_reached_from_the_account_menu(alice):
    assert 'href="/practice">Interview practice</a>' in alice.get("/").text


def test_filters_add_up_and_are_kept_by_the_groups(alice):
    page = alice.get("/practice?skill=deep_learning&difficulty=2").text
    expected = [
        each.key
        for each in question_bank().questions
        if "deep_learning" in each.skills and each.difficulty == 2
    ]
    assert 0 < len(expected) < 81
    assert shown(page) == expected
    coding = alice.get(tab(page, "Coding on ML topics")).text
    assert 0 < len(shown(coding)) < len(expected)
    assert set(shown(coding)) <= set(expected)
    assert 'name="group" value="coding"' in coding
    assert f"All ({len(expected)})" in coding
    assert '<option value="deep_learning" selected>' in coding


def test_a_search_finds_words_of_questions_and_of_answers(alice):
    assert shown(alice.get("/practice?q=netflix").text) == ["recommendations-netflix-youtube"]
    assert shown(alice.get("/practice?q=NETFLIX+position+bias").text) == [
        "recommendations-netflix-youtube"
    ]


def test_nothing_found_says_so_and_leads_back(alice):
    page = alice.get("/practice?q=zzzz&difficulty=3").text
    assert shown(page) == []
    assert "No question matches." in page
    assert "All (0)" in page
    assert 'value="zzzz"' in page


@pytest.mark.parametrize(
    "query", ["group=none", "skill=none", "difficulty=9", "difficulty=x", "q=+", "q=-"]
)
def test_what_there_is_not_is_no_filter(alice, query):
    assert len(shown(alice.get(f"/practice?{query}").text)) == 81


def test_a_search_is_printed_as_text(alice):
    page = alice.get('/practice?q="><script>x').text
    assert "<script>x" not in page


@pytest.mark.parametrize("question", question_bank().questions, ids=lambda each: each.key)
def test_a_question_has_everything_and_folds_the_answer_away(alice, question):
    page = alice.get(f"/practice/{question.key}").text
    before, _, rest = page.partition('<details class="fold">')
    prompt = question.prompt.replace("`", "")
    assert prompt in words(before)
    folded = words(rest.partition("<aside")[0])
    for line in (
        *question.covers,
        *question.follow_ups,
        *question.red_flags,
        *question.rubric,
        *question_bank().levels,
    ):
        assert line.replace("`", "") in folded
        assert line.replace("`", "") not in words(before)
    assert "<details open" not in page
    assert f"{question.minutes} minutes" in page
    assert ("Taylor Rupe, Hakia, 2025" in page) == (question.source == "guide")
    for skill in question.skills:
        assert f'href="/skills/{skill}"' in page
    links = re.findall(r'href="/roadmaps/senior-ml-engineer#m\d+"', page)
    assert len(links) == len(question.milestones)
    assert (f'href="/practice/{question.key}/solution.py"' in page) == bool(question.starter)


def test_its_links_lead_somewhere(alice):
    page = alice.get(CODED).text
    for href in re.findall(r"<aside.*</aside>", page, re.S)[0].split('href="')[1:]:
        address = href.partition('"')[0]
        if address.startswith("/"):
            assert alice.get(address.partition("#")[0]).status_code == 200


@pytest.mark.parametrize(
    ("name", "field"), [("solution.py", "starter"), ("test_solution.py", "tests")]
)
def test_a_file_is_downloaded_as_text(alice, name, field):
    answer = alice.get(f"{CODED}/{name}")
    assert answer.text == getattr(question_bank().by_key["feature-cache-with-expiry"], field)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/practice/no-such-question",
        "/practice/no-such-question/solution.py",
        f"{CODED}/rubric",
        f"{CODED}/solution.txt",
        "/practice/recommendations-netflix-youtube/solution.py",
    ],
)
def test_what_there_is_not_is_not_found(alice, path):
    assert alice.get(path).status_code == 404


def test_neighbours_stay_in_the_group(alice):
    coding = [each.key for each in question_bank().questions if each.group == "coding"]
    first, last = (alice.get(f"/practice/{key}").text for key in (coding[0], coding[-1]))
    assert 'rel="prev"' not in first
    assert f'rel="next" href="/practice/{coding[1]}"' in first
    assert 'rel="next"' not in last
