"""What can be asked of the room `teams` (matrix), and what it needs to be there."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import SIGN_IN, Change, Page, expect_status

# Who leads no team is refused; who leads another team finds nothing here.
LEADERS = expect_status(403, bob=200, dave=404, nobody=SIGN_IN)
# Those who see the people of any team, each their own.
WHO_SEE_PEOPLE = expect_status(403, bob=200, dave=200, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page("/teams", "team.list", "/teams", name="teams", by_role=True),
    Page(
        "/teams/<slug>",
        "team.matrix",
        "/teams/{team}",
        LEADERS,
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
        LEADERS,
        shown=False,
        name="team-export",
    ),
    Page("/people", "team.matrix", "/people", WHO_SEE_PEOPLE, name="all-people"),
    Page(
        "/people/export/<name>",
        "team.matrix",
        "/people/export/csv",
        WHO_SEE_PEOPLE,
        shown=False,
        name="all-people-export",
    ),
)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """The addresses name Alice's team; what is in it the others have furnished."""
    return {"team": "ranking"}
