"""/practice/<key>: the person's answer, its citations, and questions without evidence."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.practice.models import Answer, Citation
from tests.evidence.builders import add_evidence
from tests.practice.pages import listed_questions

STORY = "/practice/stopping-a-project"
OUTLINE = "/practice/feature-cache-with-expiry"
PAYLOAD = {
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
    evidence = add_evidence(session, cast, cast.alice, now)
    session.commit()
    return evidence


def stored_answers(session) -> list[tuple[str, dict[str, str], int]]:
    session.rollback()
    return [(a.form, a.texts, a.revision) for a in session.scalars(sa.select(Answer))]


def test_leadership_answer_has_four_parts_and_others_an_outline(alice):
    story, outline = alice.get(STORY).text, alice.get(OUTLINE).text
    assert re.findall(r'<textarea[^>]* name="(\w+)"', story) == [
        "situation", "task", "action", "result",
    ]  # fmt: skip
    assert re.findall(r'<textarea[^>]* name="(\w+)"', outline) == ["outline"]


def test_answer_is_saved_by_button_and_by_autosave(alice, session):
    assert alice.put(f"{STORY}/answer", PAYLOAD).location == f"{STORY}#answer"
    assert "The ranker was late." in alice.get(STORY).text
    later = {**PAYLOAD, "task": "To halve it.", "seen": "1"}
    saved = alice.put(f"{STORY}/answer", later, fragment=True)
    assert "Saved" in saved.text
    assert 'name="seen"' in saved.text
    assert 'value="2"' in saved.text
    assert "<textarea" not in saved.text
    # Saving the same text again changes nothing, even from an outdated form.
    assert alice.put(f"{STORY}/answer", later, fragment=True).status_code == 200
    assert stored_answers(session) == [
        (
            "star",
            {"situation": PAYLOAD["situation"], "task": "To halve it.", "result": "120 ms less."},
            2,
        )
    ]


def test_empty_answer_is_not_stored(alice, session):
    assert alice.put(f"{OUTLINE}/answer", {"seen": "0"}, fragment=True).status_code == 200
    assert stored_answers(session) == []


def test_stale_answer_is_a_conflict_until_replaced_explicitly(alice, session):
    alice.put(f"{STORY}/answer", PAYLOAD)
    mine = {**PAYLOAD, "situation": "Mine.", "result": ""}
    for _attempt in range(2):
        conflict = alice.put(f"{STORY}/answer", mine, fragment=True)
        assert conflict.status_code == 409
        assert "120 ms less." in conflict.text
        assert '<button name="replace" value="1">Save mine anyway' in conflict.text
    page = alice.put(f"{STORY}/answer", mine)
    assert page.status_code == 409
    assert "Mine." in page.text
    assert alice.put(f"{STORY}/answer", {**mine, "replace": "1"}).status_code == 303
    assert stored_answers(session) == [("star", {"situation": "Mine."}, 2)]


def test_answer_above_the_length_limit_is_rejected_and_kept(alice, session):
    long = {"outline": "x" * 12_001, "seen": "0"}
    page = alice.put(f"{OUTLINE}/answer", long)
    assert page.status_code == 422
    assert long["outline"] in page.text
    part = alice.put(f"{OUTLINE}/answer", long, fragment=True)
    assert "Not saved" in part.text
    assert "Outline: At most 12000 characters." in part.text
    assert stored_answers(session) == []


def test_answer_cites_only_own_evidence(alice, session, cast, piece, now):
    bobs = add_evidence(session, cast, cast.bob, now)
    session.commit()
    cites = [str(piece.id), str(bobs.id), "nonsense"]
    assert alice.put(f"{STORY}/answer", {**PAYLOAD, "cites": cites}).status_code == 303
    session.rollback()
    assert session.scalars(sa.select(Citation.evidence_id)).all() == [piece.id]
    assert re.search(rf'value="{piece.id}" checked', alice.get(STORY).text)
    alice.delete(f"/evidence/{piece.id}")
    session.rollback()
    assert session.scalars(sa.select(Citation)).all() == []


def test_evidence_search_keeps_ticked_and_typed_input(alice, piece):
    assert 'id="cites" tabindex="-1">' in alice.get(STORY).text, (
        "the evidence list is folded while nothing is cited"
    )
    for query, found in ((piece.title.split()[0], True), ("zzzz", False)):
        part = alice.get(f"{STORY}/evidence?q={query}", fragment=True).text
        assert (str(piece.id) in part) == found
    ticked = alice.get(f"{STORY}/evidence?q=zzzz&cites={piece.id}", fragment=True).text
    assert f'value="{piece.id}" checked' in ticked
    page = alice.post(f"{STORY}/evidence", {**PAYLOAD, "q": "zzzz", "cites": str(piece.id)})
    assert page.status_code == 200
    assert f'value="{piece.id}" checked' in page.text
    assert "The ranker was late." in page.text
    assert 'id="cites" tabindex="-1" open>' in page.text


def test_answer_filter_is_kept_in_the_url(alice, piece):
    alice.put(f"{STORY}/answer", {**PAYLOAD, "cites": str(piece.id)})
    alice.put(f"{OUTLINE}/answer", {"outline": "A heap.", "seen": "0"})
    story, outline = STORY.rpartition("/")[2], OUTLINE.rpartition("/")[2]
    unproven = listed_questions(alice.get("/practice?answer=unproven").text)
    assert len(unproven) == 80
    assert story not in unproven
    assert len(listed_questions(alice.get("/practice?answer=unanswered").text)) == 79
    assert listed_questions(alice.get("/practice?answer=answered").text) == [story, outline]
    page = alice.get("/practice?answer=answered&group=coding").text
    assert listed_questions(page) == [outline]
    assert '<option value="answered" selected>' in page
    assert 'href="/practice?group=leadership&amp;answer=answered"' in page


def test_questions_can_be_filtered_by_milestone(alice):
    page = alice.get("/practice?milestone=ab-test-to-decision").text
    assert 0 < len(listed_questions(page)) < 81
    assert 'name="milestone" value="ab-test-to-decision"' in page


def test_answer_is_private_to_its_owner(alice, cast, browser_of):
    alice.put(f"{STORY}/answer", PAYLOAD)
    for other in (cast.bob, cast.erin):
        assert "The ranker was late." not in browser_of(other).get(STORY).text
        assert (
            len(listed_questions(browser_of(other).get("/practice?answer=unanswered").text)) == 81
        )
