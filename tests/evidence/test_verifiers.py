"""The number of verifiers is the same on all pages, in exports and in the API."""

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
    """Two pieces verified by Bob. Dave, also Alice's manager, confirmed more of the first."""
    session.add(Membership(user_id=cast.dave, team_id=cast.team, role="manager", created_at=now))
    session.commit()
    pieces = []
    for position in range(2):
        piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
        submit_evidence(session, cast, piece, now)
        review_evidence(session, cast, piece, now, milestones=[DESIGN])
        choose(session, piece, position)
        pieces.append(piece)
    review_actions.decide(
        session, pieces[0], "verified", milestones=[LEVELS], version_id=pieces[0].current_id,
        by=cast.actor(session, cast.dave), now=now,
    )  # fmt: skip
    session.commit()
    enroll = "/roadmaps/senior-ml-engineer/enrollment?_method=PUT"
    browser_of(cast.alice).post(enroll, {"started_on": "2026-01-05"})
    return pieces


def keep_only_design_link(session, cast, piece, now):
    alice = cast.actor(session, cast.alice)
    values = actions.evidence_input(piece)
    actions.edit(session, piece, values, milestones=[DESIGN], by=alice, now=now)
    session.commit()


def assert_verifiers(app, cast, browser_of, people):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    for browser, path in (
        (alice, "/readiness"),
        (bob, f"/teams/ranking/people/{cast.alice}"),
        (alice, "/portfolio/preview"),
        (alice, "/portfolio/export/markdown"),
    ):
        text = flat(browser.get(path).text)
        assert f"verified by {people}" in text, path
    count = int(people.split()[0])
    resume = alice.get("/portfolio/export/json-resume").get_json()
    assert resume["meta"]["cairn"]["verifiers"] == count
    readiness = ApiClient.of(app, cast.alice, "read").get("/me/readiness")
    assert readiness.get_json()["verifiers"] == count


def test_verifier_counts_once_while_a_confirmed_milestone_is_linked(
    app, session, cast, now, browser_of, pieces
):
    assert_verifiers(app, cast, browser_of, "2 people")
    keep_only_design_link(session, cast, pieces[0], now)
    assert_verifiers(app, cast, browser_of, "1 person")
    first = load_user_items(session, Audience.OWNER, cast.alice)[0]
    assert first.verifiers == {str(cast.bob)}
    preview = browser_of(cast.alice).get("/portfolio/preview").text
    assert "Verified by Bob" in preview
    assert "Verified by Dave" not in preview
