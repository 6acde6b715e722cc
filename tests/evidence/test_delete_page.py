"""GET /evidence/<id>/delete and DELETE /evidence/<id>"""

from __future__ import annotations

import pytest

from roadmap.evidence.models import Evidence
from tests.evidence.builders import DESIGN, add_evidence, review_evidence, submit_evidence


@pytest.fixture
def piece(session, cast, now):
    return add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])


def exists(session, piece_id):
    session.expunge_all()
    return session.get(Evidence, piece_id) is not None


def test_delete_page_lists_losses_and_deletes_evidence(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    browser = browser_of(cast.alice)
    page = browser.get(f"/evidence/{piece.id}/delete").text
    for text in ("Delete this piece?", "its one version", "one review", "confirmed by Bob",
                 "any badges issued for it, which are then revoked"):  # fmt: skip
        assert text in page
    assert "your portfolios" not in page
    assert exists(session, piece.id)
    answer = browser.post(f"/evidence/{piece.id}?_method=DELETE")
    assert answer.headers["Location"] == "/evidence"
    assert not exists(session, piece.id)
    assert "is deleted" in browser.get("/evidence").text


def test_delete_requires_login(session, browser_of, piece):
    assert browser_of().delete(f"/evidence/{piece.id}").status_code == 303
    assert exists(session, piece.id)


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("carol", 404), ("erin", 404)])
def test_other_users_cannot_delete_evidence(session, cast, now, browser_of, piece, who, status):
    submit_evidence(session, cast, piece, now)
    answer = browser_of(getattr(cast, who)).delete(f"/evidence/{piece.id}")
    assert answer.status_code == status
    assert exists(session, piece.id)


def test_delete_of_unknown_id_is_not_found(cast, browser_of):
    assert browser_of(cast.alice).delete("/evidence/nonsense").status_code == 404
