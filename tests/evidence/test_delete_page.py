"""GET /evidence/<id>/delete and DELETE /evidence/<id>"""

from __future__ import annotations

import pytest

from roadmap.evidence.models import Evidence
from tests.evidence.builders import DESIGN, add_evidence, review_evidence, submit_evidence


@pytest.fixture
def piece(session, cast, now):
    return add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])


def is_there(session, piece_id):
    session.expunge_all()
    return session.get(Evidence, piece_id) is not None


def test_it_works(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    browser = browser_of(cast.alice)
    page = browser.get(f"/evidence/{piece.id}/delete").text
    for said in (
        "Delete this piece?",
        "its one version",
        "one review",
        "confirmed by Bob",
    ):
        assert said in page
    assert is_there(session, piece.id)
    answer = browser.post(f"/evidence/{piece.id}?_method=DELETE")
    assert answer.headers["Location"] == "/evidence"
    assert not is_there(session, piece.id)
    assert "is deleted" in browser.get("/evidence").text


def test_it_needs_sign_in(session, browser_of, piece):
    assert browser_of().delete(f"/evidence/{piece.id}").status_code == 303
    assert is_there(session, piece.id)


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("carol", 404), ("erin", 404)])
def test_it_hides_what_is_foreign(session, cast, now, browser_of, piece, who, status):
    submit_evidence(session, cast, piece, now)
    answer = browser_of(getattr(cast, who)).delete(f"/evidence/{piece.id}")
    assert answer.status_code == status
    assert is_there(session, piece.id)


def test_it_rejects_bad_input(cast, browser_of):
    assert browser_of(cast.alice).delete("/evidence/nonsense").status_code == 404
