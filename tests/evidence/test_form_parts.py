"""POST /evidence/preview, /evidence/impacts and /evidence/milestones; GET /evidence/milestones"""

from __future__ import annotations

import pytest

from roadmap.progress import actions as progress
from tests.evidence.builders import DESIGN, LEVELS, MENTOR, add_evidence, submit_evidence
from tests.evidence.form_data import form_fields, impact_fields
from tests.support.catalog import enroll
from tests.support.sample_data import SLUG

PARTS = ("preview", "impacts", "milestones")


def test_it_works(cast, browser_of):
    """Without JavaScript each part comes back within the whole form, with everything typed."""
    browser = browser_of(cast.alice)
    sent = {**form_fields(title="As typed", q="latency", milestones=[DESIGN]), **impact_fields(0)}
    pages = {part: browser.post(f"/evidence/{part}", sent).text for part in PARTS}
    for page in pages.values():
        assert 'value="As typed"' in page
        assert f'value="{DESIGN}" checked' in page
        assert 'action="/evidence"' in page
        assert "Please fix one thing" not in page
    assert "<em>training</em>" in pages["preview"]
    assert 'name="impacts-1-metric"' in pages["impacts"]
    assert 'value="cut-p99-latency"' in pages["milestones"]


def test_it_answers_htmx_with_the_part_alone(cast, browser_of):
    browser = browser_of(cast.alice)
    sent = {**form_fields(), **impact_fields(0)}
    preview = browser.post("/evidence/preview", sent, fragment=True).text
    assert preview.strip().startswith('<div class="prose note">')
    rows = browser.post("/evidence/impacts", sent, fragment=True).text
    assert rows.lstrip().startswith("<fieldset")
    assert 'value="45"' in rows
    found = browser.get(f"/evidence/milestones?q=design&milestones={LEVELS}", fragment=True).text
    assert found.lstrip().startswith('<div id="milestone-choices">')
    assert f'value="{LEVELS}" checked' in found
    assert f'value="{DESIGN}">' in found


@pytest.mark.parametrize(("kind", "warned"), [("talk", True), ("design_doc", False), ("", False)])
def test_it_says_when_the_kind_does_not_prove_the_milestone(cast, browser_of, kind, warned):
    browser, said = browser_of(cast.alice), "evidence of this kind does not prove it"
    sent = form_fields(kind=kind, milestones=[DESIGN])
    assert (said in browser.post("/evidence/preview", sent).text) == warned
    address = f"/evidence/milestones?kind={kind}&milestones={DESIGN}"
    assert (said in browser.get(address, fragment=True).text) == warned


def test_there_are_at_most_six_impacts(cast, browser_of):
    sent = form_fields()
    for place in range(8):
        sent.update(impact_fields(place))
    page = browser_of(cast.alice).post("/evidence/impacts", sent, fragment=True).text
    assert 'name="impacts-5-metric"' in page
    assert 'name="impacts-6-metric"' not in page
    assert "add-impact" not in page


def test_a_page_finds_milestones_too(cast, browser_of):
    page = browser_of(cast.alice).get("/evidence/milestones?q=DESIGN+document").text
    assert f"/evidence/new?milestone={DESIGN}" in page
    assert "No milestone matches" in browser_of(cast.alice).get("/evidence/milestones?q=zzz").text


def test_ticked_milestones_without_evidence_are_offered_before_a_search(
    session, cast, now, browser_of
):
    """Own ones that evidence of the chosen kind proves; a search shows what it finds instead."""
    enroll(session, cast.alice, now, SLUG)
    for key in (DESIGN, LEVELS, MENTOR):
        progress.set_status(session, cast.alice, key, "done", by=cast.alice, now=now)
    add_evidence(session, cast, cast.alice, now, milestones=[LEVELS])
    add_evidence(session, cast, cast.carol, now, milestones=[DESIGN])
    alice, offer = browser_of(cast.alice), "Done without evidence so far"
    page = alice.get("/evidence/new").text
    assert offer in page
    assert 'value="cut-p99-latency"' not in page
    offered = {key: f'value="{key}">' in page for key in (DESIGN, LEVELS, MENTOR)}
    assert offered == {DESIGN: True, LEVELS: False, MENTOR: True}
    refused = alice.post("/evidence", form_fields(title="", kind="mentoring")).text
    assert f'value="{MENTOR}">' in refused
    assert f'value="{DESIGN}">' not in refused
    part = alice.get(f"/evidence/milestones?kind=design_doc&milestones={MENTOR}", fragment=True)
    assert f'value="{DESIGN}">' in part.text
    assert f'value="{MENTOR}" checked' in part.text
    assert f"/evidence/new?milestone={DESIGN}" in alice.get("/evidence/milestones").text
    assert offer not in alice.get("/evidence/milestones?q=design", fragment=True).text
    assert offer not in browser_of(cast.carol).get("/evidence/new").text


def test_a_part_of_an_edit_stays_an_edit(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now)
    sent = form_fields(about=str(piece.id), revision="1", description="")
    page = browser_of(cast.alice).post("/evidence/preview", sent).text
    assert f'action="/evidence/{piece.id}"' in page
    assert 'name="_method" value="PUT"' in page
    assert "Nothing to preview yet." in page


def test_the_method_of_a_button_counts_more_than_the_one_of_its_form(
    session, cast, now, browser_of
):
    piece = add_evidence(session, cast, cast.alice, now)
    sent = {**form_fields(about=str(piece.id), revision="1"), "_method": ["PUT", "POST"]}
    assert browser_of(cast.alice).post("/evidence/preview", sent).status_code == 200


def test_it_needs_sign_in(browser_of):
    for part in PARTS:
        assert browser_of().post(f"/evidence/{part}", form_fields()).status_code == 401
    assert browser_of().get("/evidence/milestones").status_code == 303


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("carol", 404)])
def test_it_hides_what_is_foreign(session, cast, now, browser_of, who, status):
    piece = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, piece, now)
    browser = browser_of(getattr(cast, who))
    for part in PARTS:
        sent = form_fields(about=str(piece.id))
        assert browser.post(f"/evidence/{part}", sent).status_code == status


def test_it_rejects_bad_input(cast, browser_of):
    browser = browser_of(cast.alice)
    for part in PARTS:
        sent = form_fields(about="nonsense", occurred_on="soon", kind="x", q="\0 " * 99)
        answer = browser.post(f"/evidence/{part}", sent)
        assert (answer.status_code, 'value="soon"' in answer.text) == (200, True)
    many = "&".join(f"milestones=m{n}" for n in range(99))
    assert browser.get(f"/evidence/milestones?{many}", fragment=True).status_code == 200


@pytest.mark.parametrize("place", ["9" * 5000, "\u00b2", "\u0661", "-1", ""])
def test_a_field_of_no_place_is_left_out(place, browser_of, cast):
    sent = {**form_fields(), **impact_fields(0), **impact_fields(place)}
    assert browser_of(cast.alice).post("/evidence", sent).status_code == 303
