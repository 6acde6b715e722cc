"""Routes of forecasts and days off, which only their owner can access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.forecast import actions
from roadmap.forecast.rules import Span
from tests.support.route_entry import ALICE, ENROLLED, SIGN_IN, Change, Page, expect_only_alice

TYPED = {"starts_on": "2026-07-06", "ends_on": "2026-07-24", "note": "Summer"}
PAGES: tuple[Page, ...] = (
    Page("/roadmaps/<slug>/forecast", "forecast.read", "/roadmaps/{slug}/forecast", ENROLLED),
    Page("/absences", "absence.read", "/absences"),
    Page("/absences/<uuid:key>", "absence.read", "/absences/{absence}", ALICE, name="absence"),
)
CHANGES: tuple[Change, ...] = (
    Change("/absences", "POST", "absence.write", "/absences", TYPED),
    Change(
        "/absences/<uuid:key>", "PUT", "absence.write", "/absences/{absence}", TYPED,
        expect_only_alice(),
    ),
    Change(
        "/absences/<uuid:key>", "DELETE", "absence.write", "/absences/{absence}", {},
        expect_only_alice(nobody=SIGN_IN),
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add a future absence of two weeks and a past one of a week for Alice."""
    today = write.now.date()
    weeks = (("Summer", 30, 43), ("Ill", -40, -34))
    made = [
        actions.add_absence(
            write.session,
            write.cast.alice,
            Span(today + dt.timedelta(days=first), today + dt.timedelta(days=last)),
            note,
            now=write.now,
        )
        for note, first, last in weeks
    ]
    return {"absence": str(made[0].id)}
