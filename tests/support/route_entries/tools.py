"""Routes of tools, where each person's entries are private."""

from __future__ import annotations

from typing import Any

from roadmap.account.actions import set_preference
from roadmap.core.dates import PartialDate
from roadmap.tools import actions
from tests.support.route_entry import SIGN_IN, Change, Page, expect_status

# People who manage no team get 403, managers of other teams 404.
MANAGERS = expect_status(403, bob=200, dave=404, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page("/tools", "tool.read", "/tools", variants=("/tools?status=retired", "/tools?mine=1")),
    Page("/tools/<key>", "tool.read", "/tools/ray"),
    Page("/teams/<slug>/tools", "team.matrix", "/teams/{team}/tools", MANAGERS, name="team-tools"),
    Page(
        "/teams/<slug>/tools/<key>",
        "team.matrix",
        "/teams/{team}/tools/jax",
        MANAGERS,
        variants=("/teams/{team}/tools/vllm", "/teams/{team}/tools/ray"),
        name="team-tool",
    ),
)
CHANGES: tuple[Change, ...] = (
    Change("/tools/sharing", "PUT", "tool.write", "/tools/sharing", {"shares_tools": "1"}),
    Change(
        "/tools/<key>",
        "PUT",
        "tool.write",
        "/tools/ray",
        {"level": "used", "interest": "deepen", "last_used": "2026", "note": "Tune, not Serve."},
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add Alice's private entries for three tools, and one that Carol shares."""
    carol, said = write.cast.carol, {"level": "production", "interest": "deepen", "note": ""}
    said["last_used"] = PartialDate("2023-05")
    actions.save(write.session, carol, "jax", said, now=write.ago(9))
    set_preference(write.session, carol, "shares_tools", True, now=write.ago(9))
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
        actions.save(write.session, alice, tool, values, now=write.ago(10))
    return {}
