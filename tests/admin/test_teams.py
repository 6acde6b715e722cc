"""/admin/teams: create, rename, nest and delete teams."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from roadmap.invitations.actions import invite
from roadmap.invitations.models import Invitation
from roadmap.people.actions import InvalidTeam, add_member, create_team
from roadmap.people.models import Membership, Team
from roadmap.people.queries import find_role, find_team
from roadmap.people.rules import find_descendants, list_as_tree
from tests.evidence.builders import DESIGN, add_evidence, submit_evidence
from tests.support.markup import text_of
from tests.support.statements import statements_of

CREATED_AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Node:
    id: uuid.UUID
    parent_id: uuid.UUID | None


def nodes(*parents):
    """Return a team for each argument, nested in the team with that index."""
    ids = [uuid.UUID(int=number + 1) for number in range(len(parents))]
    return [
        Node(ids[number], None if parent is None else ids[parent])
        for number, parent in enumerate(parents)
    ]


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ((), []),
        ((None, None), [(0, 0), (1, 0)]),
        ((None, 0, None, 1, 0), [(0, 0), (1, 1), (3, 2), (4, 1), (2, 0)]),
        # A cycle has no root, but is listed.
        ((1, 0, None), [(2, 0), (0, 0), (1, 1)]),
    ],
    ids=["no teams", "two roots", "nested", "cycle"],
)
def test_list_as_tree_order(parents, expected):
    teams = nodes(*parents)
    assert [(teams.index(team), depth) for team, depth in list_as_tree(teams)] == expected


def test_find_descendants():
    teams = nodes(None, 0, 1, None)
    assert find_descendants(teams)[teams[0].id] == {team.id for team in teams[:3]}
    assert find_descendants(nodes(1, 0))[uuid.UUID(int=1)] == {uuid.UUID(int=1), uuid.UUID(int=2)}


def test_page_lists_teams_as_a_tree(session, cast, erin):
    session.add(Team(slug="eval", name="Evaluation", parent_id=cast.team, created_at=CREATED_AT))
    session.commit()
    page = erin.get("/admin/teams").text
    assert "2 members" in page
    assert "1 manager" in page
    assert page.index("Ranking") < page.index("Evaluation") < page.index("Vision")
    assert 'class="depth-1"' in page


def test_people_are_counted_by_role(session, cast, erin):
    add_member(
        session, session.get(Team, cast.team), cast.mallory, "mentor", by=None, now=CREATED_AT
    )
    session.commit()
    assert "2 members 1 mentor 1 manager" in text_of(erin.get("/admin/teams").text)


def test_page_without_teams_offers_to_create_one(session, cast, erin):
    session.execute(sa.delete(Team))
    session.commit()
    page = erin.get("/admin/teams").text
    assert "No teams yet" in page
    assert 'href="/admin/teams/new"' in page


def test_team_is_created(session, cast, erin, audited):
    assert erin.get("/admin/teams/new").status_code == 200
    answer = erin.post("/admin/teams", {"name": "  Speech   and text ", "parent": "ranking"})
    assert (answer.status_code, answer.location) == (303, "/teams/speech-and-text/members")
    team = find_team(session, "speech-and-text")
    assert (team.name, team.parent_id) == ("Speech and text", cast.team)
    assert ("team.created", "speech-and-text") in audited()
    assert find_role(session, team.id, cast.erin) is None


def test_administrator_can_manage_a_new_team(session, cast, erin):
    answer = erin.post("/admin/teams", {"name": "Speech", "parent": "", "manages": "y"})
    assert answer.status_code == 303
    team = find_team(session, "speech")
    assert find_role(session, team.id, cast.erin) == "manager"
    page = erin.get(answer.location).text
    assert "The team Speech is created." in page
    assert "You are not in this team." not in page


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"name": ""}, "Give the team a name."),
        ({"name": "x" * 201}, "200"),
        ({"name": "Another", "slug": "vision"}, "Another team has the address vision"),
        ({"name": "Vision"}, "Another team has the address vision"),
        ({"name": "Another", "slug": "Not a slug"}, "Lower-case letters, digits"),
        ({"name": "Another", "slug": "new"}, "The address new is reserved for a page of Cairn"),
        ({"name": "New"}, "The address new is reserved for a page of Cairn"),
        ({"name": "日本"}, "Cairn cannot derive an address from this name"),
        ({"name": "日本"}, 'value="team-2"'),
        ({"name": "Another", "parent": "nowhere"}, "Nested in"),
    ],
    ids=[
        "no name",
        "name too long",
        "slug taken",
        "name taken",
        "invalid slug",
        "slug reserved",
        "name reserved",
        "no slug from name",
        "slug suggested",
        "unknown parent",
    ],
)
def test_invalid_team_is_rejected(session, cast, erin, data, text):
    before = session.scalar(sa.select(sa.func.count()).select_from(Team))
    answer = erin.post("/admin/teams", {"parent": "", **data})
    assert answer.status_code == 422
    assert text in answer.text
    assert f'value="{data["name"]}"' in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Team)) == before


def test_create_team_tells_a_deleted_parent_from_a_taken_address(session, cast):
    with pytest.raises(InvalidTeam) as refused:
        create_team(
            session, slug="new-team", name="New", parent_id=uuid.uuid4(), by=None, now=CREATED_AT
        )
    assert refused.value.reason == "gone"
    with pytest.raises(InvalidTeam) as refused:
        create_team(session, slug="vision", name="New", by=None, now=CREATED_AT)
    assert refused.value.reason == "taken"


def test_team_is_renamed_and_nested(session, cast, erin):
    page = erin.get("/admin/teams/ranking").text
    assert 'value="Ranking"' in page
    assert 'value="ranking"' not in page, "a team cannot be nested in itself"
    data = {"name": "Ranking and search", "parent": "vision"}
    assert erin.put("/admin/teams/ranking", data).status_code == 303
    team = find_team(session, "ranking")
    assert (team.name, team.parent_id) == ("Ranking and search", cast.other_team)


def test_manager_sees_a_team_nested_in_their_own(session, cast, erin, browser_of):
    dave = browser_of(cast.dave)
    assert dave.get("/teams/ranking/members").status_code == 404
    erin.put("/admin/teams/ranking", {"name": "Ranking", "parent": "vision"})
    assert dave.get("/teams/ranking/members").status_code == 200
    assert browser_of(cast.bob).get("/teams/vision/members").status_code == 404


def test_cyclic_nesting_is_rejected(session, cast, erin):
    erin.put("/admin/teams/ranking", {"name": "Ranking", "parent": "vision"})
    answer = erin.put("/admin/teams/vision", {"name": "Vision", "parent": "ranking"})
    assert answer.status_code == 422
    assert "That team is already nested in this one." in answer.text
    assert "Not a valid choice" not in answer.text
    assert find_team(session, "vision").parent_id is None


def test_invalid_name_is_rejected_and_kept(cast, erin):
    answer = erin.put("/admin/teams/ranking", {"name": "x" * 201, "parent": "vision"})
    assert answer.status_code == 422
    assert "x" * 201 in answer.text
    assert '<option selected value="vision">' in answer.text


def test_team_is_deleted_after_confirmation(session, cast, erin, now):
    session.add(Team(slug="eval", name="Evaluation", parent_id=cast.team, created_at=CREATED_AT))
    team = session.get(Team, cast.team)
    invite(session, team=team, role="member", email="new@example.org", by=cast.erin, now=now)
    session.commit()
    page = erin.get("/admin/teams/ranking/deletion").text
    assert "3 memberships" in page
    assert "Evaluation" in page
    answer = erin.delete("/admin/teams/ranking", {"sure": "yes"})
    assert (answer.status_code, answer.location) == (303, "/admin/teams")
    session.expire_all()
    assert find_team(session, "ranking") is None
    assert find_team(session, "eval").parent_id is None
    assert session.scalars(sa.select(Invitation)).all() == []
    assert session.scalars(sa.select(Membership.user_id)).all() == [cast.dave]


def test_deletion_page_names_the_people_and_teams_affected(session, cast, erin, browser_of, now):
    vision = session.get(Team, cast.other_team)
    add_member(session, vision, cast.carol, "member", by=cast.erin, now=now)
    session.add(Team(slug="eval", name="Evaluation", parent_id=cast.team, created_at=CREATED_AT))
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    session.commit()

    def paragraph(key):
        page = erin.get("/admin/teams/ranking/deletion").text
        found = re.search(rf'id="{key}">(.*?)</p>', page, re.DOTALL)
        return " ".join(re.sub("<[^>]+>", "", found.group(1)).split()) if found else ""

    assert paragraph("teamless") == "Not in any team afterwards: Alice, Bob."
    # Carol is also in Vision, which Dave manages.
    assert paragraph("unreviewed").endswith("is not reviewed: Alice (1 piece waiting).")
    assert paragraph("unmanaged") == ("Nested in it, and without a manager afterwards: Evaluation.")

    nested = find_team(session, "eval")
    add_member(session, nested, cast.alice, "member", by=cast.erin, now=now)
    add_member(session, nested, cast.mallory, "manager", by=cast.erin, now=now)
    session.commit()
    assert paragraph("teamless") == "Not in any team afterwards: Bob."
    # Only Bob manages Mallory.
    assert paragraph("unreviewed").endswith("is not reviewed: Mallory.")
    assert paragraph("unmanaged") == ""

    nested.parent_id = None
    session.execute(sa.delete(Membership).filter_by(user_id=cast.alice, team_id=nested.id))
    session.commit()
    erin.delete("/admin/teams/ranking", {"sure": "yes"})
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "You are not in a team with a manager" in page
    assert "waiting for a manager of one of your teams" not in page


@pytest.mark.parametrize("rest", ["", "/deletion"], ids=["page", "deletion"])
def test_unknown_team_returns_404(cast, erin, rest):
    assert erin.get(f"/admin/teams/nowhere{rest}").status_code == 404


def test_statement_count_does_not_grow_with_teams(app, session, cast, erin):
    few = statements_of(app, lambda: erin.get("/admin/teams"))
    for number in range(30):
        session.add(
            Team(slug=f"t{number}", name=f"T {number}", parent_id=cast.team, created_at=CREATED_AT)
        )
    session.commit()
    many = statements_of(app, lambda: erin.get("/admin/teams"))
    assert len(many) == len(few) <= 2


def form_fields(erin, address):
    """Return the fields of the form as rendered."""
    page = erin.get(address).text
    return {
        "name": re.search(r'name="name"[^>]*value="([^"]*)"', page)[1],
        "parent": "",
        "name_read": re.search(r'name="name_read"[^>]*value="([^"]*)"', page)[1],
        "parent_read": "",
    }


def test_concurrent_edits_of_different_fields_are_merged(session, cast, erin):
    first, second = (form_fields(erin, "/admin/teams/ranking") for _ in range(2))
    assert erin.put("/admin/teams/ranking", {**first, "name": "Search"}).status_code == 303
    assert erin.put("/admin/teams/ranking", {**second, "parent": "vision"}).status_code == 303
    team = find_team(session, "ranking")
    assert (team.name, team.parent_id) == ("Search", cast.other_team)


def test_concurrent_edits_of_one_field_conflict(session, cast, erin):
    first, second = (form_fields(erin, "/admin/teams/ranking") for _ in range(2))
    erin.put("/admin/teams/ranking", {**first, "name": "Search"})
    late = erin.put("/admin/teams/ranking", {**second, "name": "Relevance"})
    assert late.status_code == 409
    assert "Search" in late.text
    assert 'value="Relevance"' in late.text
    assert find_team(session, "ranking").name == "Search"
    again = {**second, "name": "Relevance", "name_read": "Search"}
    assert 'name="name_read" type="hidden" value="Search"' in late.text
    session.rollback()
    assert erin.put("/admin/teams/ranking", again).status_code == 303
    session.expire_all()
    assert find_team(session, "ranking").name == "Relevance"


@pytest.mark.parametrize("path", ["/admin/teams/ranking", "/admin/teams/ranking/deletion"])
def test_page_links_the_members(cast, erin, path):
    page = erin.get(path).text
    for person in (cast.alice, cast.bob, cast.carol):
        assert f'href="/admin/people/{person}"' in page
    assert str(cast.dave) not in page
