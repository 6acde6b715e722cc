"""Routes of a person's page in a team."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import SIGN_IN, Change, Page, expect_change, expect_status

PERSON = "/teams/{team}/people/{alice}"
RULE = "/teams/<slug>/people/<uuid:person_id>"
# Visible to Alice and her manager Bob; others get 404.
VISIBLE = expect_status(404, alice=200, bob=200, nobody=SIGN_IN)
# Only managers may assess. Dave manages another team and gets 404.
BOB = expect_status(403, bob=200, dave=404, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page(
        RULE,
        "person.read",
        PERSON,
        VISIBLE,
        variants=(PERSON + "?stage={stage}", PERSON + "?since=2020-01-01"),
        name="person",
        by_role=True,
    ),
    Page(
        f"{RULE}/skills/<key>",
        "person.assess",
        PERSON + "/skills/{skill}",
        BOB,
        name="assess-other",
    ),
)
CHANGES: tuple[Change, ...] = (
    Change(
        f"{RULE}/skills/<key>/assessments",
        "POST",
        "person.assess",
        PERSON + "/skills/{skill}/assessments",
        {"level": "3", "comment": "Two releases without a page at night."},
        expect_change(403, bob=303, dave=404),
        as_fragment={"bob": 200},
        affects=("alice",),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    return {"team": "ranking"}
