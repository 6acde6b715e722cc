"""REST API routes requested with a session cookie, which never authenticates.

`tests/api/test_roles_api.py` covers access with tokens.
"""

from __future__ import annotations

from typing import Any

from roadmap.api.route_table import BASE, ROUTES
from roadmap.core.problems import MCP_PATH
from tests.support.route_entry import PUBLIC, Change, Page, expect_status

NOBODY = expect_status(401)
# Placeholder values for each variable in a rule.
NAMES = {
    "slug": "{slug}",
    "key": "{skill}",
    "sha256": "{file}",
    "uuid:evidence_id": "{verified}",
    "uuid:judgement_id": "{judgement}",
    "uuid:person_id": "{alice}",
    "uuid:absence_id": "{absence}",
    "uuid:badge_id": "{badge}",
    "uuid:portfolio_id": "{cv}",
    "uuid:link_id": "{public_link}",
}


def address(rule: str) -> str:
    """Return a URL template of Alice's data for a rule."""
    found = BASE + rule
    for name, value in NAMES.items():
        found = found.replace(f"<{name}>", value)
    return found


PAGES: tuple[Page, ...] = (
    *(
        Page(BASE + each.rule, each.permission, address(each.rule), NOBODY, shown=False)
        for each in ROUTES
        if each.method == "GET"
    ),
    Page(f"{BASE}/openapi.json", "public", f"{BASE}/openapi.json", PUBLIC, shown=False),
    Page(f"{BASE}/docs", "public", f"{BASE}/docs", PUBLIC, name="api-docs"),
)
CHANGES: tuple[Change, ...] = (
    *(
        Change(
            BASE + each.rule,
            each.method,
            each.permission,
            address(each.rule),
            {},
            NOBODY,
            {"nobody": 401},
        )
        for each in ROUTES
        if each.method != "GET"
    ),
    Change(MCP_PATH, "POST", "mcp.call", MCP_PATH, {}, NOBODY, {"nobody": 401}),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add nothing."""
    return {}
