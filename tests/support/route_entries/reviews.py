"""Routes of the room `reviews` and their sample data."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from roadmap.evidence import actions, review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.models import Evidence
from tests.support.route_entry import SIGN_IN, Change, Page, expect_change, expect_status

RULE = "/reviews/<uuid:evidence_id>"
# Only managers may review. Dave does not manage Alice, so her evidence is 404 for him.
MANAGERS = expect_status(403, bob=200, dave=200, nobody=SIGN_IN)
BOB = expect_status(403, bob=200, dave=404, nobody=SIGN_IN)
HISTORY_RULE = "/reviews/people/<uuid:person_id>"
VERIFIERS = expect_status(403, bob=200, dave=404, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page(
        "/reviews",
        "review.list",
        "/reviews",
        MANAGERS,
        variants=("/reviews?show=judged", "/reviews?kind=patent"),
    ),
    Page(
        RULE,
        "review.read",
        "/reviews/{submitted}",
        BOB,
        variants=("/reviews/{verified}", "/reviews/{returned}", "/reviews/{resubmitted}"),
        name="review",
    ),
    # People cannot verify their own history.
    Page(HISTORY_RULE, "person.verify", "/reviews/people/{alice}", VERIFIERS, name="history"),
    # Private evidence is visible only to its owner.
    Page(
        RULE,
        "review.read",
        "/reviews/{draft}",
        expect_status(403, bob=404, dave=404, nobody=SIGN_IN),
        name="review-draft",
    ),
)
CHANGES: tuple[Change, ...] = (
    *(
        Change(
            RULE,
            "PUT",
            "evidence.review",
            "/reviews/{submitted}",
            {
                "decision": decision,
                "basis": "artefact",
                "version_id": "{submitted_version}",
                "milestones": "own-a-production-model",
                "comment": "Read twice.",
            },
            expect_change(403, bob=303, dave=404),
            affects=("alice",),
        )
        for decision in ("verified", "returned")
    ),
    Change(
        RULE,
        "PUT",
        "evidence.review",
        "/reviews/{draft}",
        {"basis": "artefact", "version_id": "{submitted_version}"},
        expect_change(403, bob=404, dave=404),
    ),
    Change(
        RULE,
        "DELETE",
        "evidence.review",
        "/reviews/{just_verified}",
        {"review_id": "{judgement}", "reason": "The wrong piece."},
        expect_change(403, bob=200, dave=404),
        affects=("carol",),
    ),
    Change(
        HISTORY_RULE,
        "PUT",
        "person.verify",
        "/reviews/people/{alice}",
        {
            "pieces": "{submitted} {submitted_version} Ranking launch",
            "milestones": "{submitted} own-a-production-model",
            "basis": "first_hand",
        },
        expect_change(403, bob=303, dave=404),
        affects=("alice",),
    ),
    Change(
        HISTORY_RULE,
        "DELETE",
        "person.verify",
        "/reviews/people/{carol}",
        {"decided_at": "{judged_at}", "reason": "Not my call."},
        # The response contains the submitted form.
        expect_change(403, bob=200, dave=404),
        affects=("carol",),
    ),
    Change(
        f"{RULE}/taking",
        "PUT",
        "evidence.review",
        "/reviews/{submitted}/taking",
        {"version_id": "{submitted_version}"},
        expect_change(403, bob=303, dave=404),
        affects=("alice",),
    ),
    Change(
        f"{RULE}/taking",
        "DELETE",
        "evidence.review",
        "/reviews/{submitted}/taking",
        {},
        expect_change(403, nobody=303, bob=303, dave=404),
        affects=("alice",),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    session, carol = write.session, write.cast.carol
    # Edited after verification: version 2 is pending while version 1 counts.
    piece = write.piece(
        carol, 40, "open_source", "Merged tokenizer fix", visibility="team",
        milestones=["point-in-time-sql"], state="verified",
    )  # fmt: skip
    said = replace(evidence_input(piece), description="What was decided.\n\nAnd *what came of it*.")
    actions.edit(session, piece, said, by=write.actor(carol), now=write.ago(20))
    submitted = session.get(Evidence, uuid.UUID(write.ids["submitted"]))
    review_actions.add_comment(
        session, submitted, "Which week is the *baseline* from?",
        by=write.actor(write.cast.bob), now=write.ago(3),
    )  # fmt: skip
    just = write.piece(
        carol, 8, "open_source", "Faster tokenizer tests", visibility="team",
        milestones=["first-upstream-fix"], state="submitted",
    )  # fmt: skip
    # In the future, so that the ten minutes for undoing it do not expire during the tests.
    judgement = review_actions.decide(
        session, just, "verified", version_id=just.current_id,
        by=write.actor(write.cast.bob), now=write.ago(-1),
    )  # fmt: skip
    return {
        "submitted_version": str(submitted.current_id),
        "resubmitted": str(piece.id),
        "just_verified": str(just.id),
        "judgement": str(judgement.id),
        "judged_at": judgement.decided_at.isoformat(),
    }
