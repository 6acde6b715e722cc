"""What can be asked of tools: what each person says of them is theirs alone."""

from __future__ import annotations

from typing import Any

from roadmap.core.dates import PartialDate
from roadmap.tools import actions
from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = (
    Page("/tools", "tool.read", "/tools", variants=("/tools?status=retired", "/tools?mine=1")),
    Page("/tools/<key>", "tool.read", "/tools/ray"),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/tools/<key>",
        "PUT",
        "tool.write",
        "/tools/ray",
        {"level": "used", "interest": "deepen", "last_used": "2026", "note": "Tune, not Serve."},
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """What Alice says of three tools."""
    for tool, level, interest, last_used, note in (
        ("ray", "tried", "learn", "2025", "Scaled to four nodes; the scheduler was the limit."),
        ("pytorch", "asked", "", "2026-10", ""),
        ("horovod", "production", "leave", "2021", ""),
    ):
        values = {
            "level": level, "interest": interest, "note": note,
            "last_used": PartialDate(last_used),
        }  # fmt: skip
        alice = write.cast.alice
        actions.save(write.session, alice, tool, values, by=alice, now=write.ago(10))
    return {}
