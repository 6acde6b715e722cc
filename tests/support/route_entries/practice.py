"""Routes of the question bank, which is the same for everyone, and of a person's practice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.evidence.models import Evidence
from roadmap.practice import actions, queries
from tests.support.route_entry import (
    ALICE,
    PEOPLE,
    PUBLIC,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_fragment,
    expect_only_alice,
    expect_status,
)

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
        "/practice/attempts/<uuid:attempt_id>",
        "practice.read",
        "/practice/attempts/{attempt}",
        ALICE,
        variants=("/practice/attempts/{rated_attempt}", "/practice/attempts/{running_attempt}"),
    ),
    Page(
        "/practice/peer/<token>",
        "public",
        "/practice/peer/{peer}",
        PUBLIC,
        variants=("/practice/peer/{peer_rated}",),
        name="practice-peer",
    ),
    Page(
        "/practice/peer/<token>",
        "public",
        "/practice/peer/cut-short",
        expect_status(404),
        name="practice-peer-unknown",
    ),
    Page("/practice/mock", "practice.read", "/practice/mock"),
    Page(
        "/practice/mock/<uuid:mock_id>",
        "practice.read",
        "/practice/mock/{mock}",
        ALICE,
        variants=("/practice/mock/{ended_mock}",),
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
    Change(
        "/practice/<key>/attempts",
        "POST",
        "practice.write",
        f"{CODING}/attempts",
        pages=expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/practice/<key>/links",
        "POST",
        "practice.write",
        f"{STORY}/links",
        pages=expect_only_alice(201, nobody=SIGN_IN),
    ),
    Change(
        "/practice/links/<uuid:link_id>",
        "DELETE",
        "practice.write",
        "/practice/links/{peer_link}",
        pages=expect_only_alice(nobody=SIGN_IN),
    ),
    # Already rated, so nothing changes.
    Change(
        "/practice/peer/<token>",
        "POST",
        "public",
        "/practice/peer/{peer_rated}",
        {"rating": "4", "rater": "Frank"},
        PUBLIC,
    ),
    Change(
        "/practice/mock/<kind>",
        "POST",
        "practice.write",
        "/practice/mock/full_loop",
        pages=expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/practice/mock/<uuid:mock_id>/rounds",
        "POST",
        "practice.write",
        "/practice/mock/{mock}/rounds",
        pages=expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/practice/mock/<uuid:mock_id>/end",
        "PUT",
        "practice.write",
        "/practice/mock/{mock}/end",
        pages=expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/practice/mock/<uuid:mock_id>",
        "DELETE",
        "practice.write",
        "/practice/mock/{mock}",
        pages=expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/practice/attempts/<uuid:attempt_id>/end",
        "PUT",
        "practice.write",
        "/practice/attempts/{running_attempt}/end",
        pages=expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/practice/attempts/<uuid:attempt_id>/rating",
        "PUT",
        "practice.write",
        "/practice/attempts/{attempt}/rating",
        {"rating": "3", "note": "Name the lock."},
        expect_only_alice(),
    ),
    Change(
        "/practice/attempts/<uuid:attempt_id>",
        "DELETE",
        "practice.write",
        "/practice/attempts/{attempt}",
        pages=expect_only_alice(nobody=SIGN_IN),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add a story of Alice with evidence, an outline without, and attempts in each state."""
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
    attempts = {}
    for name, question, days, rating in (
        ("rated_attempt", STORY, 40, 2),
        ("again", STORY, 12, 3),
        ("attempt", CODING, 2, None),
        ("running_attempt", "/practice/roc-auc-with-ties", 0, None),
    ):
        made = actions.start_attempt(
            session, alice, question.rpartition("/")[2], now=write.ago(days)
        )
        attempts[name] = str(made.id)
        if days:
            later = write.ago(days) + dt.timedelta(minutes=17)
            actions.stop_attempt(session, made, now=later)
        if rating:
            actions.rate_attempt(session, made, rating, "Say the number first.", now=later)
    mocks = {}
    for name, kind, days, questions in (
        ("mock", "full_loop", 1, ("merge-shards-for-top-k", "fraud-millions-of-transactions")),
        ("ended_mock", "behavioural", 30, ("argument-you-lost", "compute-budget-cut")),
    ):
        mock = actions.start_mock(session, alice, kind, questions, seed=1, now=write.ago(days))
        mocks[name] = str(mock.id)
        for rating in (2, 3)[: 1 if name == "mock" else 2]:
            later = write.ago(days) + dt.timedelta(minutes=15 * rating)
            begun = actions.begin_round(session, mock, now=write.ago(days))
            assert begun is not None
            actions.rate_attempt(session, begun, rating, "The number came late.", now=later)
    return attempts | mocks | _make_peer_links(write)


def _make_peer_links(write: Any) -> dict[str, str]:
    """Add an unused link for a peer rating, and a used one."""
    session, alice, story = write.session, write.cast.alice, STORY.rpartition("/")[2]
    used = actions.make_peer_link(session, alice, story, None, now=write.ago(6))
    [link] = queries.peer_links(session, alice)
    actions.rate_as_peer(
        session, link, 3, "Frank Ohara", "Clear. Say sooner who disagreed.",
        revision=1, now=write.ago(5),
    )  # fmt: skip
    waiting = actions.make_peer_link(session, alice, story, None, now=write.ago(1))
    [link, _used] = queries.peer_links(session, alice)
    return {"peer": waiting, "peer_rated": used, "peer_link": str(link.id)}
