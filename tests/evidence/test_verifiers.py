"""The number of verifiers is the same wherever it is shown."""

from __future__ import annotations

import pytest

from roadmap.evidence import actions, review_actions
from roadmap.evidence.item import Audience
from roadmap.evidence.loader import load_user_items
from roadmap.people.models import Membership
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    add_evidence,
    review_evidence,
    submit_evidence,
)
from tests.portfolio.evidence_rows import choose
from tests.support.api_client import ApiClient
from tests.support.markup import flat


@pytest.fixture
def pieces(session, cast, now, browser_of):
    """Two pieces that Bob verified; Dave, who manages Alice too, confirmed more of the first."""
    session.add(Membership(user_id=cast.dave, team_id=cast.team, role="manager", created_at=now))
    session.commit()
    found = []
    for place in range(2):
        piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
        submit_evidence(session, cast, piece, now)
        review_evidence(session, cast, piece, now, milestones=[DESIGN])
        choose(session, piece, place)
        found.append(piece)
    review_actions.decide(
        session, found[0], "verified", milestones=[LEVELS], version_id=found[0].current_id,
        by=cast.actor(session, cast.dave), now=now,
    )  # fmt: skip
    session.commit()
    enroll = "/roadmaps/senior-ml-engineer/enrollment?_method=PUT"
    browser_of(cast.alice).post(enroll, {"started_on": "2026-01-05"})
    return found


def unlink(session, cast, piece, now):
    alice = cast.actor(session, cast.alice)
    values = actions.evidence_input(piece)
    actions.edit(session, piece, values, milestones=[DESIGN], by=alice, now=now)
    session.commit()


def assert_everywhere(cast, browser_of, people):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    for browser, path in (
        (alice, "/readiness"),
        (bob, f"/teams/ranking/people/{cast.alice}"),
        (alice, "/portfolio/preview"),
        (alice, "/portfolio/export/markdown"),
    ):
        text = flat(browser.get(path).text)
        assert f"verified by {people}" in text, path
    resume = alice.get("/portfolio/export/json-resume").get_json()
    assert resume["meta"]["cairn"]["verifiers"] == int(people.split()[0])


def test_each_reviewer_counts_once_and_while_a_confirmation_of_theirs_stands(
    session, cast, now, browser_of, pieces
):
    assert_everywhere(cast, browser_of, "2 people")
    unlink(session, cast, pieces[0], now)
    assert_everywhere(cast, browser_of, "1 person")
    first = load_user_items(session, Audience.OWNER, cast.alice)[0]
    assert first.verifiers == {str(cast.bob)}
    preview = browser_of(cast.alice).get("/portfolio/preview").text
    assert "Verified by Bob" in preview
    assert "Verified by Dave" not in preview, "nothing that Dave confirmed is linked any more"


def test_the_api_counts_them(app, cast, pieces):
    assert ApiClient.of(app, cast.alice, "read").get("/me/readiness").get_json()["verifiers"] == 2
