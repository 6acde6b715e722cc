"""PUT and DELETE /roadmaps/<slug>/<stage_key>/not-applicable: skip a whole optional stage."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.catalog.queries import published_roadmap
from roadmap.progress.models import MilestoneStatus
from tests.support.markup import flat

SLUG = "senior-ml-engineer"
STAGE = f"/roadmaps/{SLUG}/education"
PATH = f"{STAGE}/not-applicable"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {})
    return browser


def statuses(session, cast):
    session.expire_all()
    return {
        row.milestone_key: (row.status, row.reason)
        for row in session.scalars(
            sa.select(MilestoneStatus).where(MilestoneStatus.user_id == cast.alice)
        )
    }


def test_skipping_stage_marks_open_milestones_and_undo_restores_them(session, cast, alice):
    roadmap = published_roadmap(session, SLUG)
    assert roadmap is not None
    keys = [each.key for each in roadmap.content.stage_by_key["education"].milestones]
    done, in_progress, skipped = keys[:3]
    alice.put(f"/roadmaps/{SLUG}/milestones/{done}/completion")
    alice.put(f"/roadmaps/{SLUG}/milestones/{in_progress}/status", {"status": "in_progress"})
    alice.put(
        f"/roadmaps/{SLUG}/milestones/{skipped}/status",
        {"status": "not_applicable", "reason": "No school near."},
    )
    before = statuses(session, cast)
    assert "Not applicable to you?" in alice.get(STAGE).text
    assert f'href="{PATH.replace("/not", "#not")}"' in alice.get(f"/roadmaps/{SLUG}").text
    answer = alice.post(PATH, {"_method": "PUT", "reason": " I have a degree. "})
    assert (answer.status_code, answer.location) == (303, STAGE)
    after = statuses(session, cast)
    assert after.pop(done) == ("done", "")
    assert after.pop(skipped) == ("not_applicable", "No school near.")
    assert set(after.values()) == {("not_applicable", "I have a degree.")}
    assert len(after) == len(keys) - 2
    page = flat(alice.get(STAGE).text)
    assert f"{len(keys) - 2} milestones of “" in page
    undo = page.split('name="milestones"')[1].split('value="')[1].split('"')[0]
    assert skipped not in undo.split()
    alice.post(PATH, {"_method": "DELETE", "milestones": undo})
    assert statuses(session, cast) == before
    # A milestone that was marked separately can be reverted with the stage too.
    page = flat(alice.get(STAGE).text)
    assert "1 milestone of this stage is marked as not applicable." in page
    alice.post(PATH, {"_method": "DELETE", "milestones": skipped})
    assert skipped not in statuses(session, cast)


def test_skipping_stage_requires_valid_reason(session, cast, alice):
    answer = alice.put(PATH, {"reason": " "})
    assert answer.status_code == 422
    assert "Say in a sentence why" in answer.text
    assert '<details class="fold" id="not-applicable" open>' in answer.text
    long = "x" * 501
    answer = alice.put(PATH, {"reason": long})
    assert answer.status_code == 422
    assert long in answer.text
    assert statuses(session, cast) == {}


def test_required_stage_cannot_be_skipped(session, cast, alice):
    required = f"/roadmaps/{SLUG}/experience"
    assert "not-applicable" not in alice.get(required).text
    for path in (required, f"/roadmaps/{SLUG}/nowhere"):
        assert alice.put(f"{path}/not-applicable", {"reason": "Why not."}).status_code == 404
    alice.delete(PATH, {"milestones": "nonsense design-doc-for-complex-system"})
    assert statuses(session, cast) == {}


def test_skipped_stage_is_marked_on_pages_and_undo_restores_score(cast, alice):
    roadmap = f"/roadmaps/{SLUG}"
    summary = re.compile(r'class="score-points">([\d.]+)')

    def score() -> str:
        found = summary.search(alice.get(STAGE).text)
        assert found
        return found[1]

    alice.put(f"{roadmap}/milestones/design-doc-for-complex-system/completion")
    before = score()
    alice.put(PATH, {"reason": "I have a degree."})
    for path in ("/", roadmap, STAGE):
        page = flat(alice.get(path).text)
        assert "0 of 0" not in page
        assert "Not applicable" in page
    page = alice.get(STAGE).text
    assert "This stage is not applicable to you" in page
    assert "Not applicable to you?" not in page
    undo = page.split('class="note cluster')[1].split('name="milestones"')[1].split('"')[1]
    number = len(undo.split())
    assert f"{number} more not applicable" in flat(alice.get(roadmap).text)
    # One action is one activity entry.
    recent = alice.get("/").text.split('id="activity"')[1]
    assert recent.count("→ not applicable") == 1
    assert f"{number} milestones of “Education”: not started → not applicable" in recent
    alice.post(PATH, {"_method": "DELETE", "milestones": undo})
    assert score() == before
