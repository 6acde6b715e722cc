"""What can be asked of the question bank, the same for everybody, and of what one practises."""

from __future__ import annotations

from typing import Any

from roadmap.evidence.models import Evidence
from roadmap.practice import actions
from tests.support.route_entry import PEOPLE, Change, Page, expect_change, expect_fragment

CODING = "/practice/feature-cache-with-expiry"
STORY = "/practice/stopping-a-project"

PAGES: tuple[Page, ...] = (
    Page(
        "/practice",
        "practice.read",
        "/practice",
        variants=("/practice?group=coding&difficulty=2", "/practice?answer=unproven&q=zzzz"),
    ),
    Page("/practice/<key>", "practice.read", CODING, variants=(STORY,)),
    Page(
        "/practice/<key>/evidence",
        "practice.read",
        f"{STORY}/evidence",
        variants=(f"{STORY}/evidence?q=zzzz",),
    ),
    Page(
        "/practice/<key>/<file_name>",
        "practice.read",
        f"{CODING}/solution.py",
        variants=(f"{CODING}/test_solution.py",),
        shown=False,
    ),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/practice/<key>/answer",
        "PUT",
        "practice.write",
        f"{STORY}/answer",
        {"situation": "The ranker was late.", "result": "120 ms less.", "seen": "1"},
        as_fragment=expect_fragment(*PEOPLE),
    ),
    Change(
        "/practice/<key>/evidence",
        "POST",
        "practice.write",
        f"{STORY}/evidence",
        {"situation": "The ranker was late.", "q": "ranker"},
        expect_change(200),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """A story of Alice with proof, and an outline without."""
    session, alice = write.session, write.cast.alice
    piece = session.query(Evidence).filter_by(user_id=alice).order_by(Evidence.id).first()
    told = {
        "situation": "Our second ranker cost as much as the first and gained a tenth.",
        "task": "I had proposed it, and six weeks were planned.",
        "action": "I wrote down what would make it worth keeping, asked two readers, and stopped.",
        "result": "Five weeks went to the feature store; lookups fell from 40 to 12 ms.",
    }
    actions.save_answer(
        session, alice, STORY.rpartition("/")[2], "star", told, [piece.id], revision=0,
        now=write.ago(20),
    )  # fmt: skip
    actions.save_answer(
        session, alice, CODING.rpartition("/")[2], "outline", {"outline": "A heap by expiry."}, [],
        revision=0, now=write.ago(9),
    )  # fmt: skip
    return {}
