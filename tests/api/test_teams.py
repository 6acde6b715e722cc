"""GET /teams, GET a team's matrix, and PUT a manager's assessment."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people import actions as people
from roadmap.people.models import Team, User
from roadmap.skills.models import Assessment
from tests.api.conftest import MILESTONE, PIECE, SLUG, ApiClientOf
from tests.support.api_client import ApiClient
from tests.support.cast import Cast


def test_manager_sees_team_and_matrix(alice: ApiClient, bob: ApiClient, cast: Cast) -> None:
    assert bob.get("/teams").get_json() == {
        "items": [{"slug": "ranking", "name": "Ranking", "role": "manager", "parent": None}],
        "next_cursor": None,
    }
    assert alice.get("/teams").get_json()["items"][0]["role"] == "member"
    alice.put(f"/me/roadmaps/{SLUG}", {})
    alice.put(f"/me/roadmaps/{SLUG}/milestones/{MILESTONE}", {"status": "done"})
    alice.put("/me/skills/mlops", {"level": 3})
    matrix = bob.get("/teams/ranking/matrix").get_json()
    assert matrix["stages"] == [
        "foundations",
        "experience",
        "education",
        "leadership",
        "visibility",
    ]
    assert len(matrix["skills"]) == 8
    members = {member["name"]: member for member in matrix["members"]}
    assert members.keys() == {"Alice", "Carol"}
    row = members["Alice"]
    assert row["id"] == str(cast.alice)
    assert row["stages"]["leadership"]["claimed"] > 0
    assert row["skills"]["mlops"] == {"self": 3, "manager": None}
    assert row["readiness"] > 0
    carol = members["Carol"]
    assert carol["readiness"] is None
    nothing = {"claimed": 0, "evidenced": 0, "verified": 0}
    assert carol["stages"] == dict.fromkeys(matrix["stages"], nothing)
    assert carol["skills"] == {key: {"self": None, "manager": None} for key in matrix["skills"]}
    assert bob.get(f"/teams/ranking/matrix?roadmap={SLUG}").get_json() == matrix


def test_matrix_shows_skills_of_member_without_roadmap(
    cast: Cast, bob: ApiClient, api_client_of: ApiClientOf
) -> None:
    carol = api_client_of(cast.carol)
    for level in (1, 3):
        carol.put("/me/skills/mlops", {"level": level})
    bob.put(f"/teams/ranking/people/{cast.carol}/skills/mlops", {"level": 2})
    members = bob.get("/teams/ranking/matrix").get_json()["members"]
    row = next(each for each in members if each["name"] == "Carol")
    assert row["readiness"] is None
    assert row["skills"]["mlops"] == {"self": 3, "manager": 2}
    assert row["skills"]["mentoring"] == {"self": None, "manager": None}


def test_omitted_level_keeps_the_managers_own(
    cast: Cast,
    alice: ApiClient,
    bob: ApiClient,
    session: Session,
    api_client_of: ApiClientOf,
    now: dt.datetime,
) -> None:
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert list(bob.put(path, {"comment": "Seen."}).get_json()["errors"]) == ["level"]
    bob.put(path, {"level": 2})
    assessment = bob.put(path, {"comment": "Seen in March."}).get_json()["manager"]
    assert (assessment["level"], assessment["comment"]) == (2, "Seen in March.")
    cleared = bob.put(path, {"level": None})
    assert cleared.status_code == 422
    assert "history" in cleared.get_json()["errors"]["level"][0]
    # Another manager's level is not taken as one's own.
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.dave, "manager", by=None, now=now)
    session.commit()
    dave = api_client_of(cast.dave)
    assert list(dave.put(path, {"comment": "Me too."}).get_json()["errors"]) == ["level"]
    assert dave.put(path, {"level": 2}).get_json()["manager"]["by"] == "Dave (by token)"


def test_matrix_and_assessments_are_for_the_teams_manager_only(
    alice: ApiClient, cast: Cast, api_client_of: ApiClientOf
) -> None:
    dave, mallory = api_client_of(cast.dave), api_client_of(cast.mallory)
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert alice.get("/teams/ranking/matrix").status_code == 403
    for other in (dave, mallory):
        assert other.get("/teams/ranking/matrix").status_code in (403, 404)
        assert other.put(path, {"level": 2}).status_code in (403, 404)
    # Dave's own team gives no access to people outside it.
    inside = dave.put(f"/teams/vision/people/{cast.alice}/skills/mlops", {"level": 2})
    assert inside.status_code == 404
    assert alice.put(path, {"level": 4}).status_code == 403


def test_drafts_do_not_change_team_views(alice: ApiClient, bob: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    paths = ("/teams", "/teams/ranking/matrix", "/reviews")
    before = [bob.get(path).data for path in paths]
    for visibility in ("private", "team", "portfolio"):
        more = {"visibility": visibility, "milestones": [MILESTONE]}
        assert alice.post("/me/evidence", {**PIECE, **more}).status_code == 201
    assert [bob.get(path).data for path in paths] == before


@pytest.mark.parametrize(
    "body",
    [{}, {"level": 5}, {"level": None}, {"level": 2, "self": 1}],
    ids=["no level", "high level", "null level", "unknown field"],
)
def test_invalid_assessment_is_rejected(body: Any, bob: ApiClient, cast: Cast) -> None:
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert bob.put(path, body).status_code == 422
    unknown = bob.get("/teams/ranking/matrix?roadmap=none")
    assert (unknown.status_code, "“none”" in unknown.get_json()["detail"]) == (404, True)


def test_assessment_of_unknown_skill_person_or_team_is_not_found(
    bob: ApiClient, cast: Cast
) -> None:
    assert (
        bob.put(f"/teams/ranking/people/{cast.alice}/skills/none", {"level": 2}).status_code == 404
    )
    assert (
        bob.put(f"/teams/ranking/people/{cast.team}/skills/mlops", {"level": 2}).status_code == 404
    )
    assert bob.put(f"/teams/none/people/{cast.alice}/skills/mlops", {"level": 2}).status_code == 404
    # Managers do not assess themselves.
    assert (
        bob.put(f"/teams/ranking/people/{cast.bob}/skills/mlops", {"level": 2}).status_code == 403
    )


@pytest.fixture
def other_manager(
    session: Session, cast: Cast, now: dt.datetime, api_client_of: ApiClientOf
) -> ApiClient:
    """Make Dave a second manager of Alice's team."""
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.dave, "manager", by=None, now=now)
    session.commit()
    return api_client_of(cast.dave)


def test_managers_with_the_same_name_are_distinct(
    session: Session, cast: Cast, bob: ApiClient, other_manager: ApiClient
) -> None:
    session.execute(sa.update(User).where(User.id == cast.dave).values(name="Bob"))
    session.commit()
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    bob.put(path, {"level": 2, "comment": "Bob's own reasons."})
    assessment = other_manager.put(path, {"level": 2}).get_json()["manager"]
    assert (assessment["level"], assessment["comment"], assessment["by"]) == (
        2,
        "",
        "Bob (by token)",
    )
    found = session.scalars(sa.select(Assessment.assessor_id)).all()
    assert sorted(found, key=str) == sorted([cast.bob, cast.dave], key=str)
    refused = other_manager.put(
        f"/teams/ranking/people/{cast.alice}/skills/mentoring", {"comment": "Seen."}
    )
    assert refused.status_code == 422


def test_manager_changes_own_assessment_after_another_manager(
    session: Session, cast: Cast, bob: ApiClient, other_manager: ApiClient
) -> None:
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    bob.put(path, {"level": 2, "comment": "Seen in March."})
    other_manager.put(path, {"level": 3, "comment": "Seen in May."})
    assessment = bob.put(path, {"comment": "Seen in June."}).get_json()["manager"]
    assert (assessment["level"], assessment["comment"], assessment["by"]) == (
        2,
        "Seen in June.",
        "Bob (by token)",
    )
    other_manager.put(path, {"level": 4})
    assessment = bob.put(path, {"level": 3}).get_json()["manager"]
    assert (assessment["level"], assessment["comment"], assessment["by"]) == (
        3,
        "Seen in June.",
        "Bob (by token)",
    )
    count = sa.select(sa.func.count()).select_from(Assessment)
    before = session.scalar(count)
    bob.put(path, {"level": 3})
    session.rollback()
    assert session.scalar(count) == before
    # Repeated after another manager's, it is the current assessment.
    other_manager.put(path, {"level": 4})
    assert bob.put(path, {"level": 3}).get_json()["manager"]["by"] == "Bob (by token)"


def test_parent_team_is_hidden_from_non_members(
    session: Session,
    cast: Cast,
    alice: ApiClient,
    bob: ApiClient,
    now: dt.datetime,
    api_client_of: ApiClientOf,
) -> None:
    above = people.create_team(session, slug="secret-reorg", name="Secret", by=None, now=now)
    people.add_member(session, above, cast.dave, "manager", by=None, now=now)
    ranking = session.get_one(Team, cast.team)
    people.change_team(session, ranking, name="Ranking", parent_id=above.id, by=None, now=now)
    session.commit()
    for caller in (alice, bob):
        assert "secret" not in caller.get("/teams").text
        assert caller.get("/teams").get_json()["items"][0]["parent"] is None
    found = {
        each["slug"]: each for each in api_client_of(cast.dave).get("/teams").get_json()["items"]
    }
    assert found["ranking"]["parent"] == "secret-reorg"


def test_pagination_of_teams_does_not_depend_on_collation(
    session: Session, cast: Cast, bob: ApiClient, now: dt.datetime
) -> None:
    """Collations of a language sort `team-a` after `team1` and between `teama` and `teamb`."""
    slugs = ["team-b", "team-a", "team1", "teama", "team", "t-eam", "te-am2"]
    for slug in slugs:
        team = people.create_team(session, slug=slug, name=slug, by=None, now=now)
        people.add_member(session, team, cast.bob, "member", by=None, now=now)
    session.commit()
    found, cursor = [], ""
    while cursor is not None:
        page = bob.get(f"/teams?limit=1&cursor={cursor}").get_json()
        found += [each["slug"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert found == sorted([*slugs, "ranking"])


def test_mentor_reads_matrix_but_cannot_review_or_assess(
    cast: Cast, session: Session, api_client_of: ApiClientOf, now: dt.datetime
) -> None:
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.mallory, "mentor", by=cast.erin, now=now)
    session.commit()
    mentor = api_client_of(cast.mallory)
    assert mentor.get("/me").get_json()["teams"][0]["role"] == "mentor"
    assert mentor.get("/teams").get_json()["items"][0]["role"] == "mentor"
    assert mentor.get("/teams/ranking/matrix").status_code == 200
    assert mentor.get("/reviews").status_code == 403
    skill = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert mentor.put(skill, {"level": 2}).status_code == 403
    assert session.scalars(sa.select(Assessment.id)).all() == []
