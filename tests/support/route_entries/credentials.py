"""Routes of credentials and their sample data."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from roadmap.credentials import actions
from roadmap.evidence.models import Evidence
from tests.support.route_entry import ALICE, Change, Page, expect_only_alice

COST = "/credentials/costs/<uuid:evidence_id>"

PAGES: tuple[Page, ...] = (
    Page("/credentials", "credential.read", "/credentials"),
    Page(COST, "credential.read", "/credentials/costs/{certificate}", ALICE),
)
CHANGES: tuple[Change, ...] = (
    Change(
        COST,
        "PUT",
        "credential.write",
        "/credentials/costs/{certificate}",
        {"year": "2026", "amount": "300", "currency": "USD"},
        expect_only_alice(),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the costs of the certification in Alice's evidence."""
    alice, session = write.cast.alice, write.session
    certificate = session.scalar(
        sa.select(Evidence.id).where(
            Evidence.user_id == alice, Evidence.title == "Cloud certificate"
        )
    )
    actions.save_cost(session, alice, certificate, 2025, 150, "USD", now=write.ago(9))
    return {"certificate": str(certificate)}
