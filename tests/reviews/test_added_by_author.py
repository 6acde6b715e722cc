"""Reviews and assessments by a manager whom the author added to the team are marked as such."""

from __future__ import annotations

import pytest

from roadmap.evidence import review_actions
from roadmap.invitations import actions as invitations
from roadmap.people import actions as people
from roadmap.people.models import Team
from roadmap.portfolio import actions as portfolio
from roadmap.skills import actions as skills
from tests.evidence.builders import DESIGN, add_evidence, submit_evidence
from tests.support.api_client import ApiClient

MARKED = "Mallory (added to the team by the person judged)"
MARKED_SKILL = f"Assessed by a manager, {MARKED}, on"


def author_adds_manager(session, cast, now):
    """Alice adds Mallory as a manager of her team."""
    team = session.get(Team, cast.team)
    people.add_member(session, team, cast.mallory, "manager", by=cast.alice, now=now)


def author_invites_manager(session, cast, now):
    """Alice, made a manager of her team, invites Mallory as a manager."""
    team = session.get(Team, cast.team)
    people.add_member(session, team, cast.alice, "manager", by=cast.erin, now=now)
    invitation, _token = invitations.invite(
        session, team=team, role="manager", by=cast.alice, now=now
    )
    invitations.accept(session, invitation, cast.mallory, now=now)


def administrator_adds_manager_too(session, cast, now):
    """Alice adds Mallory to one of her teams, and Erin adds Mallory to another of them."""
    author_adds_manager(session, cast, now)
    other = session.get(Team, cast.other_team)
    people.add_member(session, other, cast.alice, "member", by=cast.erin, now=now)
    people.add_member(session, other, cast.mallory, "manager", by=cast.erin, now=now)


@pytest.mark.parametrize(
    ("add_manager", "is_marked"),
    [
        (author_adds_manager, True),
        (author_invites_manager, True),
        (administrator_adds_manager_too, False),
    ],
)
def test_pages_mark_reviewer_added_by_author(
    session, cast, now, browser_of, add_manager, is_marked
):
    add_manager(session, cast, now)
    piece = add_evidence(
        session, cast, cast.alice, now, milestones=[DESIGN], visibility="portfolio"
    )
    submit_evidence(session, cast, piece, now)
    mallory = cast.actor(session, cast.mallory)
    review_actions.decide(
        session, piece, "verified", "Read.", version_id=piece.current_id, by=mallory, now=now
    )
    skills.assess_other(session, cast.alice, "mlops", 4, "Seen.", by=mallory, now=now)
    own = portfolio.lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    portfolio.add_all_items(session, own, now.date(), now=now)
    session.commit()
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    for browser, page in (
        (alice, f"/evidence/{piece.id}"),
        (alice, "/skills"),
        (alice, "/skills/mlops"),
        (alice, "/portfolio/preview"),
        (alice, "/portfolio/export/markdown"),
        (alice, "/portfolio/export/json-resume"),
        (bob, f"/reviews/{piece.id}"),
        (bob, "/reviews?show=judged"),
        (bob, f"/teams/ranking/people/{cast.alice}/skills/mlops"),
    ):
        text = browser.get(page).text
        assert "Mallory" in text, page
        assert (MARKED in text) is is_marked, page
    for page in ("/portfolio/preview", "/portfolio/export/markdown"):
        assert (MARKED_SKILL in alice.get(page).text) is is_marked, page


@pytest.mark.parametrize(
    ("add_manager", "is_marked"),
    [
        (author_adds_manager, True),
        (author_invites_manager, True),
        (administrator_adds_manager_too, False),
    ],
)
def test_api_marks_reviewer_added_by_author(app, session, cast, now, add_manager, is_marked):
    add_manager(session, cast, now)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    session.commit()
    alice, bob, mallory = (
        ApiClient.of(app, person) for person in (cast.alice, cast.bob, cast.mallory)
    )
    name = MARKED.replace("(added", "(by token; added") if is_marked else "Mallory (by token)"

    review = mallory.put(f"/reviews/{piece.id}", {"decision": "verified", "comment": "Read."})
    assert review.json["by"] == name
    level = {"level": 4, "comment": "Seen."}
    for _again in range(2):
        assessed = mallory.put(f"/teams/ranking/people/{cast.alice}/skills/mlops", level)
        assert assessed.json["manager"]["by"] == name

    assert alice.get(f"/me/evidence/{piece.id}").json["review"]["by"] == name
    [skill] = [each for each in alice.get("/me/skills").json["items"] if each["key"] == "mlops"]
    assert skill["manager"]["by"] == name
    alice.patch(f"/me/evidence/{piece.id}", {"description": "Once more."})
    alice.put(f"/me/evidence/{piece.id}/submission", {})
    [waiting] = bob.get("/reviews").json["items"]
    assert [each["by"] for each in waiting["judgements"]] == [name]


def test_basis_and_mark_share_one_pair_of_brackets(session, cast, now, browser_of):
    author_adds_manager(session, cast, now)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    review_actions.decide(
        session, piece, "verified", "Read.", version_id=piece.current_id, basis="artefact",
        by=cast.actor(session, cast.mallory), now=now,
    )  # fmt: skip
    session.commit()
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    name = "Mallory (judged from the artefact; added to the team by the person judged)"
    assert f"{name} confirmed this version." in page


def test_manager_not_added_by_author_is_not_marked(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    bob = cast.actor(session, cast.bob)
    review_actions.decide(
        session, piece, "verified", "Read.", version_id=piece.current_id, by=bob, now=now
    )
    session.commit()
    assert "added to the team" not in browser_of(cast.alice).get(f"/evidence/{piece.id}").text
