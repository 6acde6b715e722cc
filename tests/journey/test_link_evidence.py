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
def create_evidence(app, cast, now):
    def make(person: uuid.UUID) -> uuid.UUID:
        with app.app_context():
            evidence = actions.create(
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
            return evidence.id

    return make


def linked_milestones(app) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(sa.select(EvidenceMilestone.milestone_key)))


def test_evidence_is_offered_and_linked(app, alice, cast, create_evidence):
    key = create_evidence(cast.alice)
    assert "Faster ranker" in alice.get(PATH).text
    answer = alice.put(f"{PATH}/evidence", {"evidence": str(key)})
    assert answer.status_code == 303
    assert linked_milestones(app) == ["cut-p99-latency"]
    alice.put(f"{PATH}/completion")
    assert "Evidenced" in alice.get(PATH).text


def test_evidence_of_another_user_cannot_be_linked(app, alice, cast, create_evidence):
    foreign = create_evidence(cast.carol)
    answer = alice.put(f"{PATH}/evidence", {"evidence": str(foreign)})
    assert answer.status_code == 404
    assert linked_milestones(app) == []


def test_linking_rejects_invalid_evidence_id(alice):
    assert alice.put(f"{PATH}/evidence", {"evidence": "nonsense"}).status_code == 404
    assert alice.put(f"{PATH}/evidence", {}).status_code == 404


def test_htmx_link_returns_row_and_details(app, alice, cast, create_evidence):
    key = create_evidence(cast.alice)
    alice.put(f"{PATH}/completion")
    answer = alice.put(f"{PATH}/evidence", {"evidence": str(key)}, fragment=True)
    assert answer.status_code == 200
    assert "tone-evidenced" in answer.text
    assert 'id="milestone-cut-p99-latency" hx-swap-oob="true"' in answer.text
    assert "Linked: Faster ranker" in answer.text
    assert answer.text.count("Undo") == 1, "for the completion before the link"
    assert linked_milestones(app) == ["cut-p99-latency"]
