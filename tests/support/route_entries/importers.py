"""What can be asked of imports: each person's are theirs alone."""

from __future__ import annotations

from typing import Any

from roadmap.importers import actions
from roadmap.importers.kinds.csv_file import CsvImporter
from tests.support.route_entry import SIGN_IN, Change, Page, expect_change, expect_status

TABLE = (
    b"Title,Date,Link,Notes\n"
    b"Cut the p99 of ranking,2026-03,https://git.example.org/ranking/412,Batched the lookups\n"
    b"On-call handbook,2025,https://wiki.example.org/on-call,\n"
    b",soon,,\n"
)
OPTIONS = {
    "record": "evidence", "column-title": "0", "column-kind": "", "column-occurred_on": "1",
    "column-url": "2", "column-description": "3", "column-role": "", "column-issuer": "",
    "column-issued_on": "", "column-expires_on": "", "kind": "other", "order": "dmy",
}  # fmt: skip
# Who brought nothing is led to where that is done.
BROUGHT = expect_status(303, alice=200, nobody=SIGN_IN)

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
        BROUGHT,
        variants=("/evidence/import/csv/preview?questions=1",),
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
        {"import": "{pending_import}", "take": "0", "without": "1"},
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """A table of Alice's, whose columns she has named and whose rows she has not imported."""
    rows = CsvImporter().load(TABLE)
    pending = actions.keep(
        write.session, write.cast.alice, "csv", "work.csv", rows, asks=True, now=write.now
    )
    actions.answer(write.session, pending, OPTIONS)
    return {"pending_import": str(pending.id)}
