"""PUT /roadmaps/<slug>/milestones/<key>/evidence: link evidence from a milestone."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions
from roadmap.evidence.models import EvidenceMilestone
from roadmap.evidence.rules import EvidenceInput

SLUG = "senior-ml-engineer"
PATH = f"/roadmaps/{SLUG}/milestones/cut-p99-latency"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {})
    return browser


@pytest.fixture
def piece_of(app, cast, now):
    def make(person: uuid.UUID) -> uuid.UUID:
        with app.app_context():
            piece = actions.create(
                db.session,
                person,
                EvidenceInput(
                    "launch",
                    PartialDate(now.date()),
                    title="Faster ranker",
                    url="https://example.org/x",
                ),
                by=cast.actor(db.session, person),
                now=now,
            )
            db.session.commit()
            return piece.id

    return make


def links(app) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(sa.select(EvidenceMilestone.milestone_key)))


def test_it_works(app, alice, cast, piece_of):
    key = piece_of(cast.alice)
    assert "Faster ranker" in alice.get(PATH).text  # offered
    answer = alice.put(f"{PATH}/evidence", {"evidence": str(key)})
    assert answer.status_code == 303
    assert links(app) == ["cut-p99-latency"]
    alice.put(f"{PATH}/completion")
    assert "Evidenced" in alice.get(PATH).text


def test_it_needs_sign_in(browser_of, cast):
    assert browser_of().put(f"{PATH}/evidence").status_code in (303, 401)


def test_it_hides_what_is_foreign(app, alice, cast, piece_of):
    foreign = piece_of(cast.carol)
    answer = alice.put(f"{PATH}/evidence", {"evidence": str(foreign)})
    assert answer.status_code == 404
    assert links(app) == []


def test_it_rejects_bad_input(alice):
    assert alice.put(f"{PATH}/evidence", {"evidence": "nonsense"}).status_code == 404
    assert alice.put(f"{PATH}/evidence", {}).status_code == 404


def test_it_answers_htmx_with_the_row_and_its_details(app, alice, cast, piece_of):
    key = piece_of(cast.alice)
    alice.put(f"{PATH}/completion")
    answer = alice.put(f"{PATH}/evidence", {"evidence": str(key)}, fragment=True)
    assert answer.status_code == 200
    assert "tone-evidenced" in answer.text
    assert 'id="milestone-cut-p99-latency" hx-swap-oob="true"' in answer.text
    assert "Linked: Faster ranker" in answer.text
    assert answer.text.count("Undo") == 1, "of the tick before it"
    assert links(app) == ["cut-p99-latency"]
