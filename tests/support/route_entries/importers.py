"""Routes of imports, which only their owner can access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.importers import actions
from roadmap.importers.kinds.csv_file import CsvImporter
from roadmap.importers.kinds.github import GitHubImporter
from tests.support.route_entry import (
    HTMX_REDIRECT,
    PEOPLE,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_status,
)

TABLE = (
    b"Title,Date,Link,Notes\n"
    b"Cut the p99 of ranking,2026-03,https://git.example.org/ranking/412,Batched the lookups\n"
    b"On-call handbook,2025,https://wiki.example.org/on-call,\n"
    b",soon,,\n"
)
OPTIONS = {
    "record": "evidence", "column-0": "title", "column-1": "occurred_on", "column-2": "url",
    "column-3": "description", "kind": "other", "order": "dmy",
}  # fmt: skip
# People without a pending import are redirected to the upload page.
WITH_IMPORT = expect_status(303, alice=200, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page("/evidence/import", "evidence.write", "/evidence/import"),
    Page(
        "/evidence/import/<key>",
        "evidence.write",
        "/evidence/import/csv",
        variants=("/evidence/import/github",),
    ),
    Page(
        "/evidence/import/<key>/preview",
        "evidence.write",
        "/evidence/import/csv/preview",
        WITH_IMPORT,
        # Only the progress of a fetch is available as a fragment.
        as_fragment=dict.fromkeys(PEOPLE, HTMX_REDIRECT),
        variants=(
            "/evidence/import/csv/preview?questions=1",
            "/evidence/import/github/preview",
            "/evidence/import/github/preview?partial=1",
        ),
    ),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/evidence/import/<key>", "POST", "evidence.write", "/evidence/import/csv", {},
        expect_change(422, nobody=SIGN_IN),
    ),
    Change(
        "/evidence/import/<key>", "DELETE", "evidence.write", "/evidence/import/csv", {},
        expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/evidence/import/<key>/pages", "PUT", "evidence.write", "/evidence/import/csv/pages", {},
        expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/evidence/import/<key>/options", "PUT", "evidence.write", "/evidence/import/csv/options",
        OPTIONS,
    ),
    Change(
        "/evidence/import/<key>/records", "POST", "evidence.write", "/evidence/import/csv/records",
        {"seen": "of another list", "take": "0"}, expect_change(alice=422),
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add two pending imports of Alice: a CSV file with mapped columns, and a rate-limited fetch
    from GitHub."""
    fetched = actions.start_fetching(
        write.session, write.cast.alice, "github", "octo-alice since 1 Jan 2026", [("merged", "")],
        {"login": "octo-alice", "since": "2026-01-01", "day": write.day(0).isoformat()},
        now=write.now,
    )  # fmt: skip
    fetched.records = [
        GitHubImporter().make_record(
            what,
            url=f"https://github.com/acme/ranker/pull/{number}",
            title="Batch the feature lookups",
            number=number,
            at="2026-03-02T10:00:00Z",
        )
        for number, what in enumerate(("merged", "merged", "reviewed"), 1)
    ]
    fetched.totals = {"merged": 9}
    fetched.state, fetched.resume_at = "waiting", write.now + dt.timedelta(hours=2)
    fetched.fault = {"reason": "limit", "status": 403}
    rows = CsvImporter().load(TABLE)
    pending = actions.store_pending(
        write.session, write.cast.alice, "csv", "work.csv", rows, None, now=write.now
    )
    actions.answer(write.session, pending, OPTIONS)
    return {}
