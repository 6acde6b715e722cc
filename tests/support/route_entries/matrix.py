"""Routes of the team matrix."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import SIGN_IN, Change, Page, expect_status

# People who manage no team get 403, managers of other teams 404.
MANAGERS = expect_status(403, bob=200, dave=404, nobody=SIGN_IN)
# Every manager sees a page with their own people.
ANY_MANAGER = expect_status(403, bob=200, dave=200, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page("/teams", "team.list", "/teams", name="teams", by_role=True),
    Page(
        "/teams/<slug>",
        "team.matrix",
        "/teams/{team}",
        MANAGERS,
        variants=(
            "/teams/{team}?sort=readiness&verdict=setting_out",
            "/teams/{team}?q=nobody+of+this+name",
        ),
        name="team-matrix",
    ),
    Page(
        "/teams/<slug>/export/<name>",
        "team.matrix",
        "/teams/{team}/export/csv",
        MANAGERS,
        shown=False,
        name="team-export",
    ),
    Page("/people", "team.matrix", "/people", ANY_MANAGER, name="all-people"),
    Page(
        "/people/export/<name>",
        "team.matrix",
        "/people/export/csv",
        ANY_MANAGER,
        shown=False,
        name="all-people-export",
    ),
)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """Return Alice's team; the other rooms add its data."""
    return {"team": "ranking"}
