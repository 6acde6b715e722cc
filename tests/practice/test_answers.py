"""/practice/<key>: the person's answer, its citations, and questions without evidence."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.practice.models import Answer, Citation
from tests.evidence.builders import add_evidence

STORY = "/practice/stopping-a-project"
OUTLINE = "/practice/feature-cache-with-expiry"
TOLD = {
    "situation": "The ranker was late.",
    "task": "",
    "action": "",
    "result": "120 ms less.",
    "seen": "0",
}


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


@pytest.fixture
def piece(session, cast, now):
    made = add_evidence(session, cast, cast.alice, now)
    session.commit()
    return made


def stored(session) -> list[tuple[str, dict[str, str], int]]:
    session.rollback()
    return [(a.form, a.texts, a.revision) for a in session.scalars(sa.select(Answer))]


def shown(page: str) -> list[str]:
    return re.findall(r'class="title" href="/practice/([^"]+)"', page)


def test_a_story_has_four_parts_and_anything_else_an_outline(alice):
    story, outline = alice.get(STORY).text, alice.get(OUTLINE).text
    assert re.findall(r'<textarea[^>]* name="(\w+)"', story) == [
        "situation", "task", "action", "result",
    ]  # fmt: skip
    assert re.findall(r'<textarea[^>]* name="(\w+)"', outline) == ["outline"]


def test_it_is_saved_by_the_button_and_while_it_is_written(alice, session):
    assert alice.put(f"{STORY}/answer", TOLD).location == f"{STORY}#answer"
    assert "The ranker was late." in alice.get(STORY).text
    later = {**TOLD, "task": "To halve it.", "seen": "1"}
    saved = alice.put(f"{STORY}/answer", later, fragment=True)
    assert "Saved" in saved.text
    assert 'name="seen"' in saved.text
    assert 'value="2"' in saved.text
    assert "<textarea" not in saved.text
    # The same again changes nothing, also from a form that is out of date.
    assert alice.put(f"{STORY}/answer", later, fragment=True).status_code == 200
    assert stored(session) == [
        (
            "star",
            {"situation": TOLD["situation"], "task": "To halve it.", "result": "120 ms less."},
            2,
        )
    ]


def test_nothing_written_makes_no_answer(alice, session):
    assert alice.put(f"{OUTLINE}/answer", {"seen": "0"}, fragment=True).status_code == 200
    assert stored(session) == []


def test_a_second_tab_is_told_and_saves_only_by_its_button(alice, session):
    alice.put(f"{STORY}/answer", TOLD)
    mine = {**TOLD, "situation": "Mine.", "result": ""}
    for _again in range(2):
        late = alice.put(f"{STORY}/answer", mine, fragment=True)
        assert late.status_code == 409
        assert "120 ms less." in late.text
        assert '<button name="replace" value="1">Save mine anyway' in late.text
    page = alice.put(f"{STORY}/answer", mine)
    assert page.status_code == 409
    assert "Mine." in page.text
    assert alice.put(f"{STORY}/answer", {**mine, "replace": "1"}).status_code == 303
    assert stored(session) == [("star", {"situation": "Mine."}, 2)]


def test_what_is_too_long_is_refused_and_kept(alice, session):
    long = {"outline": "x" * 12_001, "seen": "0"}
    page = alice.put(f"{OUTLINE}/answer", long)
    assert page.status_code == 422
    assert long["outline"] in page.text
    part = alice.put(f"{OUTLINE}/answer", long, fragment=True)
    assert "Not saved" in part.text
    assert "Outline: At most 12000 characters." in part.text
    assert stored(session) == []


def test_it_cites_pieces_of_ones_own_only(alice, session, cast, piece, now):
    bobs = add_evidence(session, cast, cast.bob, now)
    session.commit()
    cites = [str(piece.id), str(bobs.id), "nonsense"]
    assert alice.put(f"{STORY}/answer", {**TOLD, "cites": cites}).status_code == 303
    session.rollback()
    assert session.scalars(sa.select(Citation.evidence_id)).all() == [piece.id]
    assert re.search(rf'value="{piece.id}" checked', alice.get(STORY).text)
    alice.delete(f"/evidence/{piece.id}")
    session.rollback()
    assert session.scalars(sa.select(Citation)).all() == []


def test_evidence_is_found_by_words_and_keeps_what_is_ticked_and_typed(alice, piece):
    assert 'id="cites" tabindex="-1">' in alice.get(STORY).text, "folded: nothing is cited"
    for words, found in ((piece.title.split()[0], True), ("zzzz", False)):
        part = alice.get(f"{STORY}/evidence?q={words}", fragment=True).text
        assert (str(piece.id) in part) == found
    ticked = alice.get(f"{STORY}/evidence?q=zzzz&cites={piece.id}", fragment=True).text
    assert f'value="{piece.id}" checked' in ticked
    page = alice.post(f"{STORY}/evidence", {**TOLD, "q": "zzzz", "cites": str(piece.id)})
    assert page.status_code == 200
    assert f'value="{piece.id}" checked' in page.text
    assert "The ranker was late." in page.text
    assert 'id="cites" tabindex="-1" open>' in page.text


def test_questions_without_proof_are_a_filter_that_stays_in_the_address(alice, piece):
    alice.put(f"{STORY}/answer", {**TOLD, "cites": str(piece.id)})
    alice.put(f"{OUTLINE}/answer", {"outline": "A heap.", "seen": "0"})
    story, outline = STORY.rpartition("/")[2], OUTLINE.rpartition("/")[2]
    unproven = shown(alice.get("/practice?answer=unproven").text)
    assert len(unproven) == 80
    assert story not in unproven
    assert len(shown(alice.get("/practice?answer=unanswered").text)) == 79
    assert shown(alice.get("/practice?answer=answered").text) == [story, outline]
    page = alice.get("/practice?answer=answered&group=coding").text
    assert shown(page) == [outline]
    assert '<option value="answered" selected>' in page
    assert 'href="/practice?group=leadership&amp;answer=answered"' in page


def test_the_questions_of_a_milestone_can_be_chosen(alice):
    page = alice.get("/practice?milestone=ab-test-to-decision").text
    assert 0 < len(shown(page)) < 81
    assert 'name="milestone" value="ab-test-to-decision"' in page


def test_it_is_nobody_elses(alice, cast, browser_of):
    alice.put(f"{STORY}/answer", TOLD)
    for other in (cast.bob, cast.erin):
        assert "The ranker was late." not in browser_of(other).get(STORY).text
        assert len(shown(browser_of(other).get("/practice?answer=unanswered").text)) == 81
