"""Routes of the work log, which only its owner can access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.work_log import actions
from tests.support.route_entry import ALICE, SIGN_IN, Change, Page, expect_only_alice

TYPED = {"text": "Reviewed the retrieval design; the cache moved.", "day": "2026-03-02"}
PAGES: tuple[Page, ...] = (
    Page("/work-log", "work_log.read", "/work-log", variants=("/work-log?page=2",)),
    Page("/work-log/<uuid:key>", "work_log.read", "/work-log/{line}", ALICE, name="work-log-line"),
)
CHANGES: tuple[Change, ...] = (
    Change("/work-log", "POST", "work_log.write", "/work-log", TYPED),
    Change(
        "/work-log/<uuid:key>", "PUT", "work_log.write", "/work-log/{line}", TYPED,
        expect_only_alice(),
    ),
    Change(
        "/work-log/<uuid:key>", "DELETE", "work_log.write", "/work-log/{line}", {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/work-log/<uuid:key>/evidence", "PUT", "work_log.write", "/work-log/{line}/evidence", {},
        expect_only_alice(nobody=SIGN_IN),
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add log entries of Alice in three weeks."""
    session, alice = write.session, write.cast.alice
    today = write.now.date()
    texts = (
        "Shipped the fallback ranking; nobody was paged",
        "Helped Carol to read her first flame graph",
        "Interviewed two candidates, scorecards within the hour",
    )
    lines = [
        actions.add_entry(session, alice, today - dt.timedelta(weeks=back), text, now=write.now)
        for back, text in enumerate(texts)
    ]
    return {"line": str(lines[0].id)}
