"""/practice: question groups, filters and search, a question, and its downloads."""

from __future__ import annotations

import re

import pytest

from roadmap.practice.content import Question
from roadmap.practice.queries import question_bank
from tests.practice.pages import listed_questions, text_without_tags

CODING_QUESTION = "/practice/feature-cache-with-expiry"


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def tab_url(page: str, title: str) -> str:
    return re.search(rf'<a href="([^"]+)"[^>]*>{title} \(\d+\)</a>', page)[1].replace("&amp;", "&")


def test_list_shows_all_questions_by_group_with_counts(alice):
    page = alice.get("/practice").text
    bank = question_bank()
    assert listed_questions(page) == [each.key for each in bank.questions]
    for each in bank.groups:
        assert f"{each.title} ({sum(q.group == each.key for q in bank.questions)})" in page
        assert each.summary in text_without_tags(page)
    assert "81 questions." in page
    assert page.count('class="cite"') == 17
    assert 'id="source-guide"' in page


def test_account_menu_links_to_practice(alice):
    assert 'href="/practice">Interview practice</a>' in alice.get("/").text


def test_filters_combine_and_are_kept_by_group_tabs(alice):
    page = alice.get("/practice?skill=deep_learning&difficulty=2").text
    expected = [
        each.key
        for each in question_bank().questions
        if "deep_learning" in each.skills and each.difficulty == 2
    ]
    assert 0 < len(expected) < 81
    assert listed_questions(page) == expected
    coding = alice.get(tab_url(page, "Coding on ML topics")).text
    assert 0 < len(listed_questions(coding)) < len(expected)
    assert set(listed_questions(coding)) <= set(expected)
    assert 'name="group" value="coding"' in coding
    assert f"All ({len(expected)})" in coding
    assert '<option value="deep_learning" selected>' in coding


def test_search_finds_words_of_questions_and_answers(alice):
    assert listed_questions(alice.get("/practice?q=netflix").text) == [
        "recommendations-netflix-youtube"
    ]
    assert listed_questions(alice.get("/practice?q=NETFLIX+position+bias").text) == [
        "recommendations-netflix-youtube"
    ]


def test_empty_search_result_is_explained(alice):
    page = alice.get("/practice?q=zzzz&difficulty=3").text
    assert listed_questions(page) == []
    assert "No question matches." in page
    assert "All (0)" in page
    assert 'value="zzzz"' in page


@pytest.mark.parametrize(
    "query", ["group=none", "skill=none", "difficulty=9", "difficulty=x", "q=+", "q=-"]
)
def test_unknown_filter_values_are_ignored(alice, query):
    assert len(listed_questions(alice.get(f"/practice?{query}").text)) == 81


def test_search_text_is_escaped(alice):
    page = alice.get('/practice?q="><script>x').text
    assert "<script>x" not in page


@pytest.mark.parametrize("group", [each.key for each in question_bank().groups])
def test_question_page_is_complete_and_folds_the_answer(alice, group):
    for question in question_bank().questions:
        if question.group == group:
            check_question_page(alice.get(f"/practice/{question.key}").text, question)


def check_question_page(page: str, question: Question) -> None:
    before, _, rest = page.partition('<details class="fold">')
    prompt = question.prompt.replace("`", "")
    visible, folded = text_without_tags(before), text_without_tags(rest.partition("<aside")[0])
    assert prompt in visible, question.key
    for line in (
        *question.covers,
        *question.follow_ups,
        *question.red_flags,
        *question.rubric,
        *question_bank().levels,
    ):
        assert line.replace("`", "") in folded, question.key
        assert line.replace("`", "") not in visible, question.key
    assert "<details open" not in page, question.key
    assert f"{question.minutes} minutes" in page, question.key
    from_guide = question.source == "guide"
    assert ("Taylor Rupe, Hakia, 2025" in page) == from_guide, question.key
    for skill in question.skills:
        assert f'href="/skills/{skill}"' in page, question.key
    links = re.findall(r'href="/roadmaps/senior-ml-engineer#m\d+"', page)
    assert len(links) == len(question.milestones), question.key
    has_file = f'href="/practice/{question.key}/solution.py"' in page
    assert has_file == bool(question.starter), question.key


def test_question_page_has_no_broken_links(alice):
    page = alice.get(CODING_QUESTION).text
    for href in re.findall(r"<aside.*</aside>", page, re.S)[0].split('href="')[1:]:
        url = href.partition('"')[0]
        if url.startswith("/"):
            assert alice.get(url.partition("#")[0]).status_code == 200


@pytest.mark.parametrize(
    ("name", "field"), [("solution.py", "starter"), ("test_solution.py", "tests")]
)
def test_file_is_downloaded_as_text(alice, name, field):
    response = alice.get(f"{CODING_QUESTION}/{name}")
    assert response.text == getattr(question_bank().by_key["feature-cache-with-expiry"], field)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/practice/no-such-question",
        "/practice/no-such-question/solution.py",
        f"{CODING_QUESTION}/rubric",
        f"{CODING_QUESTION}/solution.txt",
        "/practice/recommendations-netflix-youtube/solution.py",
    ],
)
def test_unknown_question_or_file_is_not_found(alice, path):
    assert alice.get(path).status_code == 404


def test_previous_and_next_question_stay_in_the_group(alice):
    coding = [each.key for each in question_bank().questions if each.group == "coding"]
    first, last = (alice.get(f"/practice/{key}").text for key in (coding[0], coding[-1]))
    assert 'rel="prev"' not in first
    assert f'rel="next" href="/practice/{coding[1]}"' in first
    assert 'rel="next"' not in last
