"""GET /evidence/<id>/edit and PUT /evidence/<id>"""

from __future__ import annotations

import pytest

from roadmap.evidence import actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import Refused
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.evidence.form_data import form_fields, impact_fields


def reload_evidence(session, piece):
    session.expire_all()
    return session.get_one(Evidence, piece.id)


@pytest.fixture
def piece(session, cast, now):
    return add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], impacts=(LATENCY,))


def test_edit_form_shows_and_saves_evidence(session, cast, browser_of, piece):
    browser = browser_of(cast.alice)
    page = browser.get(f"/evidence/{piece.id}/edit").text
    assert 'value="Feature store design"' in page
    assert 'value="p99 latency"' in page
    assert f'value="{DESIGN}" checked' in page
    sent = form_fields(title="Feature store, revised", revision="1", milestones=[LEVELS])
    answer = browser.post(f"/evidence/{piece.id}?_method=PUT", sent)
    assert answer.status_code == 303
    saved = reload_evidence(session, piece)
    assert (saved.title, saved.current.impacts) == ("Feature store, revised", [])
    assert [row.milestone_key for row in saved.links] == [LEVELS]


def test_edit_of_verified_evidence_warns_and_submits_new_version(
    session, cast, now, browser_of, piece
):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    browser = browser_of(cast.alice)
    assert "This piece was reviewed." in browser.get(f"/evidence/{piece.id}/edit").text
    browser.put(f"/evidence/{piece.id}", form_fields(role="Lead", revision="1", milestones=DESIGN))
    saved = reload_evidence(session, piece)
    assert (saved.state, saved.current.number) == ("submitted", 2)


def test_edit_of_concurrently_deleted_evidence_redirects_to_list(
    browser_of, cast, piece, monkeypatch
):
    def edit_deleted(session, evidence, *_args, **_more):
        raise Refused("gone")

    monkeypatch.setattr(actions, "edit", edit_deleted)
    answer = browser_of(cast.alice).put(f"/evidence/{piece.id}", form_fields(revision="1"))
    assert (answer.status_code, answer.location) == (303, "/evidence")


def test_impact_parameter_adds_row_of_that_type(browser_of, cast, piece):
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}/edit"
    rows = alice.get(address).text.count("<legend>Impact ")
    page = alice.get(f"{address}?impact=team").text
    assert page.count("<legend>Impact ") == rows + 1
    row = page.rpartition("<legend>Impact ")[2]
    assert '<option selected value="team">' in row
    assert alice.get(f"{address}?impact=other").text.count("<legend>Impact ") == rows


def test_stale_edit_shows_both_versions_and_can_be_saved(session, cast, now, browser_of, piece):
    actions.edit(
        session,
        piece,
        evidence_input(role="Theirs", title="Their title"),
        milestones=[DESIGN],
        by=cast.actor(session, cast.alice),
        now=now,
    )
    session.commit()
    browser = browser_of(cast.alice)
    mine = form_fields(role="Mine", title="My title", revision="1", milestones=[LEVELS])
    answer = browser.put(f"/evidence/{piece.id}", mine)
    assert answer.status_code == 409
    for text in ("Theirs", "Mine", "Their title", "My title"):
        assert text in answer.text
    for choice in ("Save mine anyway", "Keep the saved one"):
        assert choice in answer.text
    assert reload_evidence(session, piece).title == "Their title"
    assert 'name="revision" type="hidden" value="2"' in answer.text
    browser.put(f"/evidence/{piece.id}", {**mine, "revision": "2"})
    assert reload_evidence(session, piece).title == "My title"


@pytest.mark.parametrize("revision", ["", "x", "-1", "99999999999999999999"])
def test_form_without_valid_revision_is_stale(session, cast, browser_of, piece, revision):
    answer = browser_of(cast.alice).put(f"/evidence/{piece.id}", form_fields(revision=revision))
    assert answer.status_code == 409


def test_edit_requires_login(browser_of, cast, piece):
    assert browser_of().get(f"/evidence/{piece.id}/edit").status_code == 303
    assert browser_of().put(f"/evidence/{piece.id}", form_fields()).status_code == 401


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("carol", 404), ("erin", 404)])
def test_other_users_cannot_edit_evidence(session, cast, now, browser_of, piece, who, status):
    submit_evidence(session, cast, piece, now)
    answer = browser_of(getattr(cast, who)).put(
        f"/evidence/{piece.id}", form_fields(title="Taken over", revision="1")
    )
    assert answer.status_code == status
    assert reload_evidence(session, piece).title == "Feature store design"


def test_invalid_edit_is_rejected(session, cast, browser_of, piece):
    sent = {**form_fields(title="", revision="1"), **impact_fields(0, metric="")}
    answer = browser_of(cast.alice).put(f"/evidence/{piece.id}", sent)
    assert answer.status_code == 422
    assert f'action="/evidence/{piece.id}"' in answer.text
    assert 'name="_method" value="PUT"' in answer.text
    assert reload_evidence(session, piece).title == "Feature store design"


def test_enter_in_search_field_searches_without_saving(session, cast, browser_of, piece):
    sent = form_fields(title="Not saved", revision="1", q="design document", enter="1")
    answer = browser_of(cast.alice).put(f"/evidence/{piece.id}", sent)
    assert answer.status_code == 200
    assert f'value="{DESIGN}"' in answer.text
    assert 'value="Not saved"' in answer.text
    assert reload_evidence(session, piece).title == "Feature store design"
