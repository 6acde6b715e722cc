"""POST /evidence/preview, /evidence/impacts and /evidence/milestones; GET /evidence/milestones"""

from __future__ import annotations

import pytest

from roadmap.progress import actions as progress
from tests.evidence.builders import DESIGN, LEVELS, MENTOR, add_evidence, submit_evidence
from tests.evidence.form_data import form_fields, impact_fields
from tests.support.catalog import enroll
from tests.support.sample_data import SLUG

PARTS = ("preview", "impacts", "milestones")


def test_form_parts_return_full_form_without_javascript(cast, browser_of):
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


def test_htmx_response_contains_only_the_part(cast, browser_of):
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
def test_form_warns_if_kind_does_not_prove_milestone(cast, browser_of, kind, warned):
    browser, warning = browser_of(cast.alice), "evidence of this kind does not prove it"
    sent = form_fields(kind=kind, milestones=[DESIGN])
    assert (warning in browser.post("/evidence/preview", sent).text) == warned
    address = f"/evidence/milestones?kind={kind}&milestones={DESIGN}"
    assert (warning in browser.get(address, fragment=True).text) == warned


def test_seventh_impact_row_is_not_offered(cast, browser_of):
    sent = form_fields()
    for index in range(8):
        sent.update(impact_fields(index))
    page = browser_of(cast.alice).post("/evidence/impacts", sent, fragment=True).text
    assert 'name="impacts-5-metric"' in page
    assert 'name="impacts-6-metric"' not in page
    assert "add-impact" not in page


def test_milestone_search_works_as_a_page(cast, browser_of):
    page = browser_of(cast.alice).get("/evidence/milestones?q=DESIGN+document").text
    assert f"/evidence/new?milestone={DESIGN}" in page
    assert "No milestone matches" in browser_of(cast.alice).get("/evidence/milestones?q=zzz").text


def test_done_milestones_without_evidence_are_offered(session, cast, now, browser_of):
    """Only own milestones that the chosen kind proves are offered, until a search is made."""
    enroll(session, cast.alice, now, SLUG)
    for key in (DESIGN, LEVELS, MENTOR):
        progress.set_status(session, cast.alice, key, "done", now=now)
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
    nothing = alice.get("/evidence/milestones?kind=patent", fragment=True).text
    assert "No milestone that you have done still needs evidence of this kind." in nothing
    part = alice.get(f"/evidence/milestones?kind=design_doc&milestones={MENTOR}", fragment=True)
    assert f'value="{DESIGN}">' in part.text
    assert f'value="{MENTOR}" checked' in part.text
    assert f"/evidence/new?milestone={DESIGN}" in alice.get("/evidence/milestones").text
    assert offer not in alice.get("/evidence/milestones?q=design", fragment=True).text
    assert offer not in browser_of(cast.carol).get("/evidence/new").text


def test_preview_of_edit_form_keeps_edit_action(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now)
    sent = form_fields(about=str(piece.id), revision="1", description="")
    page = browser_of(cast.alice).post("/evidence/preview", sent).text
    assert f'action="/evidence/{piece.id}"' in page
    assert 'name="_method" value="PUT"' in page
    assert "Nothing to preview yet." in page


def test_method_of_button_overrides_method_of_form(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now)
    sent = {**form_fields(about=str(piece.id), revision="1"), "_method": ["PUT", "POST"]}
    assert browser_of(cast.alice).post("/evidence/preview", sent).status_code == 200


def test_form_parts_require_login(browser_of):
    for part in PARTS:
        assert browser_of().post(f"/evidence/{part}", form_fields()).status_code == 401
    assert browser_of().get("/evidence/milestones").status_code == 303


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("carol", 404)])
def test_other_users_cannot_load_form_parts(session, cast, now, browser_of, who, status):
    piece = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, piece, now)
    browser = browser_of(getattr(cast, who))
    for part in PARTS:
        sent = form_fields(about=str(piece.id))
        assert browser.post(f"/evidence/{part}", sent).status_code == status


def test_form_parts_keep_invalid_input(cast, browser_of):
    browser = browser_of(cast.alice)
    for part in PARTS:
        sent = form_fields(about="nonsense", occurred_on="soon", kind="x", q="\0 " * 99)
        answer = browser.post(f"/evidence/{part}", sent)
        assert (answer.status_code, 'value="soon"' in answer.text) == (200, True)
    many = "&".join(f"milestones=m{n}" for n in range(99))
    assert browser.get(f"/evidence/milestones?{many}", fragment=True).status_code == 200


@pytest.mark.parametrize("index", ["9" * 5000, "\u00b2", "\u0661", "-1", ""])
def test_impact_field_with_invalid_index_is_ignored(index, browser_of, cast):
    sent = {**form_fields(), **impact_fields(0), **impact_fields(index)}
    assert browser_of(cast.alice).post("/evidence", sent).status_code == 303
