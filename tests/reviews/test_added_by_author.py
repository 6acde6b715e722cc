"""A review by someone whom the author added to the team is marked so everywhere."""

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
MARKED_SKILL = f"assessed by a manager, {MARKED}, on"


def give_role(session, cast, now):
    """Alice administers, and gives Mallory the role."""
    team = session.get(Team, cast.team)
    people.add_member(session, team, cast.mallory, "manager", by=cast.alice, now=now)


def invite(session, cast, now):
    """Alice manages the team as well, and invites Mallory."""
    team = session.get(Team, cast.team)
    people.add_member(session, team, cast.alice, "manager", by=cast.erin, now=now)
    made, _token = invitations.invite(session, team=team, role="manager", by=cast.alice, now=now)
    invitations.accept(session, made, cast.mallory, now=now)


def confirmed_by_another(session, cast, now):
    """Mallory has the role from Alice, and one in another of her teams from Erin."""
    give_role(session, cast, now)
    other = session.get(Team, cast.other_team)
    people.add_member(session, other, cast.alice, "member", by=cast.erin, now=now)
    people.add_member(session, other, cast.mallory, "manager", by=cast.erin, now=now)


@pytest.mark.parametrize(
    ("bring", "marked"), [(give_role, True), (invite, True), (confirmed_by_another, False)]
)
def test_it_is_marked_wherever_it_is_shown(session, cast, now, browser_of, bring, marked):
    bring(session, cast, now)
    piece = add_evidence(
        session, cast, cast.alice, now, milestones=[DESIGN], visibility="portfolio"
    )
    submit_evidence(session, cast, piece, now)
    mallory = cast.actor(session, cast.mallory)
    review_actions.decide(
        session, piece, "verified", "Read.", version_id=piece.current_id, by=mallory, now=now
    )
    skills.assess_other(session, cast.alice, "mlops", 4, "Seen.", by=mallory, now=now)
    mine = portfolio.lock_portfolio(
        session, cast.alice, by=cast.actor(session, cast.alice), now=now
    )
    portfolio.add_all_items(session, mine, now.date(), now=now)
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
        assert (MARKED in text) is marked, page
    for page in ("/portfolio/preview", "/portfolio/export/markdown"):
        assert (MARKED_SKILL in alice.get(page).text) is marked, page


@pytest.mark.parametrize(
    ("bring", "marked"), [(give_role, True), (invite, True), (confirmed_by_another, False)]
)
def test_the_api_marks_it_too(app, session, cast, now, bring, marked):
    bring(session, cast, now)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    session.commit()
    alice, bob, mallory = (
        ApiClient.of(app, person) for person in (cast.alice, cast.bob, cast.mallory)
    )
    name = MARKED.replace("(added", "(by token; added") if marked else "Mallory (by token)"

    judged = mallory.put(f"/reviews/{piece.id}", {"decision": "verified", "comment": "Read."})
    assert judged.json["by"] == name
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


def test_all_marks_of_a_name_stand_in_one_pair_of_brackets(session, cast, now, browser_of):
    give_role(session, cast, now)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    review_actions.decide(
        session, piece, "verified", "Read.", version_id=piece.current_id, basis="artefact",
        by=cast.actor(session, cast.mallory), now=now,
    )  # fmt: skip
    session.commit()
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    marked = "Mallory (judged from the artefact; added to the team by the person judged)"
    assert f"{marked} confirmed this version." in page


def test_a_judgement_by_a_manager_of_the_team_is_not_marked(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    bob = cast.actor(session, cast.bob)
    review_actions.decide(
        session, piece, "verified", "Read.", version_id=piece.current_id, by=bob, now=now
    )
    session.commit()
    assert "added to the team" not in browser_of(cast.alice).get(f"/evidence/{piece.id}").text
