"""Routes of archives, which only their owner can access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.archive.models import ArchiveImport
from roadmap.core.file_store import file_store
from roadmap.evidence.models import UploadedFile
from tests.archive.packing import OLD, minimal, pack
from tests.support.route_entry import (
    ALICE,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_only_alice,
)

PAGES: tuple[Page, ...] = (
    Page("/account/archive", "archive.read", "/account/archive"),
    Page("/account/archive/file", "archive.download", "/account/archive/file", shown=False),
    Page(
        "/account/archive/imports/<sha256>", "archive.write", "/account/archive/imports/{archive}",
        ALICE, name="archive-preview",
    ),
)  # fmt: skip
CHANGES: tuple[Change, ...] = (
    # The request has no file.
    Change(
        "/account/archive/imports", "POST", "archive.write", "/account/archive/imports", {},
        expect_change(422, nobody=SIGN_IN),
    ),
    # Rejected because Alice already has records.
    Change(
        "/account/archive/imports/<sha256>", "PUT", "archive.write",
        "/account/archive/imports/{archive}", {}, expect_only_alice(422, nobody=SIGN_IN),
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add a pending archive of Alice, and an imported one with a row that could not be placed."""
    packed = pack(minimal(person="Alice Ng"))
    size = packed.seek(0, 2)
    packed.seek(0)
    sha256 = file_store().put(packed)
    alice, now = write.cast.alice, write.now
    write.session.add(
        UploadedFile(
            user_id=alice, sha256=sha256, name="alice.zip", size=size,
            media_type="application/zip", uploaded_at=now,
        )
    )  # fmt: skip
    row = {"milestone_key": "steps-of-another-company", "note": "Ask the search team"}
    write.session.add(
        ArchiveImport(
            user_id=alice, instance=OLD, person="Alice Ng", made_at=now - dt.timedelta(days=1),
            imported_at=now, rows=42, left_out={"milestone_plan": [row]},
        )
    )  # fmt: skip
    write.session.flush()
    return {"archive": sha256}
