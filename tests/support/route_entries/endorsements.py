"""Routes of endorsements: the owner's requests, and single-use links for witnesses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from roadmap.catalog.queries import published_roadmaps
from roadmap.endorsements import actions
from roadmap.endorsements.models import Endorsement
from tests.support.route_entry import (
    PUBLIC,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_only_alice,
    expect_status,
)

MILESTONE = "experiment-on-second-machine"
ASK = f"/endorsements/new?milestone={MILESTONE}"
PAGES: tuple[Page, ...] = (
    Page(
        "/endorsements/new",
        "endorsement.read",
        ASK,
        expect_status(404, alice=200, carol=200, nobody=SIGN_IN),
    ),
    Page(
        "/endorsements/by/<token>",
        "public",
        "/endorsements/by/{witness}",
        PUBLIC,
        variants=("/endorsements/by/{witness_answered}",),
        name="witness",
    ),
    Page(
        "/endorsements/by/<token>",
        "public",
        "/endorsements/by/cut-short",
        expect_status(404),
        name="witness-unknown",
    ),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/endorsements/new", "POST", "endorsement.write", ASK, {"asked": "Frank"},
        expect_change(404, alice=201, carol=201),
    ),
    Change(
        "/endorsements/<uuid:key>", "DELETE", "endorsement.write", "/endorsements/{endorsement}",
        {}, expect_only_alice(nobody=SIGN_IN),
    ),
    # The request is already answered, so nothing changes.
    Change(
        "/endorsements/by/<token>", "POST", "public", "/endorsements/by/{witness_answered}",
        {"answer": "seen", "witness": "Frank"}, PUBLIC,
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add a pending request and an answered one."""
    session, alice = write.session, write.cast.alice
    content = next(
        each.content for each in published_roadmaps(session) if MILESTONE in each.content.by_key
    )
    milestone = content.by_key[MILESTONE]
    answered = actions.ask_witness(
        session, alice, milestone, asked="Frank Ohara", message="It was the laptop of Grace.",
        now=write.ago(9),
    )  # fmt: skip
    [row] = session.scalars(sa.select(Endorsement)).all()
    said = ("seen", "Frank Ohara", "Staff engineer, Example", "I ran it on mine: 0.0004.")
    actions.record_answer(session, row, *said, now=write.ago(8))
    waiting = actions.ask_witness(
        session, alice, milestone, asked="Grace", message="", now=write.ago(2)
    )
    return {"witness": waiting, "witness_answered": answered, "endorsement": str(row.id)}
