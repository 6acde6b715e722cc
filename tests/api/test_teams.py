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


def test_it_works(alice: ApiClient, bob: ApiClient, cast: Cast) -> None:
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


def test_levels_of_a_person_on_no_roadmap(
    cast: Cast, bob: ApiClient, api_client_of: ApiClientOf
) -> None:
    """Their newest word, and their manager's: a skill needs no roadmap."""
    carol = api_client_of(cast.carol)
    for level in (1, 3):
        carol.put("/me/skills/mlops", {"level": level})
    bob.put(f"/teams/ranking/people/{cast.carol}/skills/mlops", {"level": 2})
    members = bob.get("/teams/ranking/matrix").get_json()["members"]
    row = next(each for each in members if each["name"] == "Carol")
    assert row["readiness"] is None
    assert row["skills"]["mlops"] == {"self": 3, "manager": 2}
    assert row["skills"]["mentoring"] == {"self": None, "manager": None}


def test_a_managers_level_that_is_left_out_stays(
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
    said = bob.put(path, {"comment": "Seen in March."}).get_json()["manager"]
    assert (said["level"], said["comment"]) == (2, "Seen in March.")
    cleared = bob.put(path, {"level": None})
    assert cleared.status_code == 422
    assert "history" in cleared.get_json()["errors"]["level"][0]
    # What another manager said is not put into one's own mouth.
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.dave, "manager", by=None, now=now)
    session.commit()
    dave = api_client_of(cast.dave)
    assert list(dave.put(path, {"comment": "Me too."}).get_json()["errors"]) == ["level"]
    assert dave.put(path, {"level": 2}).get_json()["manager"]["by"] == "Dave (by token)"


def test_it_needs_a_token(api_client_of: ApiClientOf, cast: Cast) -> None:
    nobody = api_client_of()
    assert nobody.get("/teams").status_code == 401
    assert nobody.get("/teams/ranking/matrix").status_code == 401
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert nobody.put(path, {"level": 2}).status_code == 401


def test_it_hides_what_is_foreign(alice: ApiClient, cast: Cast, api_client_of: ApiClientOf) -> None:
    """Of one's own team one knows; of another's nothing."""
    dave, mallory = api_client_of(cast.dave), api_client_of(cast.mallory)
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert alice.get("/teams/ranking/matrix").status_code == 403
    for other in (dave, mallory):
        assert other.get("/teams/ranking/matrix").status_code in (403, 404)
        assert other.put(path, {"level": 2}).status_code in (403, 404)
    # A team of his own does not open what is not in it.
    inside = dave.put(f"/teams/vision/people/{cast.alice}/skills/mlops", {"level": 2})
    assert inside.status_code == 404
    assert alice.put(path, {"level": 4}).status_code == 403


def test_a_draft_and_a_private_piece_change_nothing(alice: ApiClient, bob: ApiClient) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    paths = ("/teams", "/teams/ranking/matrix", "/reviews")
    before = [bob.get(path).data for path in paths]
    for visibility in ("private", "team", "portfolio"):
        more = {"visibility": visibility, "milestones": [MILESTONE]}
        assert alice.post("/me/evidence", {**PIECE, **more}).status_code == 201
    assert [bob.get(path).data for path in paths] == before


@pytest.mark.parametrize("body", [{}, {"level": 5}, {"level": None}, {"level": 2, "self": 1}])
def test_it_rejects_bad_input(body: Any, bob: ApiClient, cast: Cast) -> None:
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert bob.put(path, body).status_code == 422
    unknown = bob.get("/teams/ranking/matrix?roadmap=none")
    assert (unknown.status_code, "“none”" in unknown.get_json()["detail"]) == (404, True)


def test_an_unknown_skill_or_person(bob: ApiClient, cast: Cast) -> None:
    assert (
        bob.put(f"/teams/ranking/people/{cast.alice}/skills/none", {"level": 2}).status_code == 404
    )
    assert (
        bob.put(f"/teams/ranking/people/{cast.team}/skills/mlops", {"level": 2}).status_code == 404
    )
    assert bob.put(f"/teams/none/people/{cast.alice}/skills/mlops", {"level": 2}).status_code == 404
    # Nobody assesses themselves in this way.
    assert (
        bob.put(f"/teams/ranking/people/{cast.bob}/skills/mlops", {"level": 2}).status_code == 403
    )


@pytest.fixture
def other_manager(
    session: Session, cast: Cast, now: dt.datetime, api_client_of: ApiClientOf
) -> ApiClient:
    """Dave, who manages Alice's team as well."""
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.dave, "manager", by=None, now=now)
    session.commit()
    return api_client_of(cast.dave)


def test_managers_of_one_name_are_two(
    session: Session, cast: Cast, bob: ApiClient, other_manager: ApiClient
) -> None:
    session.execute(sa.update(User).where(User.id == cast.dave).values(name="Bob"))
    session.commit()
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    bob.put(path, {"level": 2, "comment": "Bob's own reasons."})
    said = other_manager.put(path, {"level": 2}).get_json()["manager"]
    assert (said["level"], said["comment"], said["by"]) == (2, "", "Bob (by token)")
    found = session.scalars(sa.select(Assessment.assessor_id)).all()
    assert sorted(found, key=str) == sorted([cast.bob, cast.dave], key=str)
    refused = other_manager.put(
        f"/teams/ranking/people/{cast.alice}/skills/mentoring", {"comment": "Seen."}
    )
    assert refused.status_code == 422


def test_ones_own_word_stays_after_another_managers(
    session: Session, cast: Cast, bob: ApiClient, other_manager: ApiClient
) -> None:
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    bob.put(path, {"level": 2, "comment": "Seen in March."})
    other_manager.put(path, {"level": 3, "comment": "Seen in May."})
    said = bob.put(path, {"comment": "Seen in June."}).get_json()["manager"]
    assert (said["level"], said["comment"], said["by"]) == (2, "Seen in June.", "Bob (by token)")
    other_manager.put(path, {"level": 4})
    said = bob.put(path, {"level": 3}).get_json()["manager"]
    assert (said["level"], said["comment"], said["by"]) == (3, "Seen in June.", "Bob (by token)")
    count = sa.select(sa.func.count()).select_from(Assessment)
    before = session.scalar(count)
    bob.put(path, {"level": 3})
    session.rollback()
    assert session.scalar(count) == before
    # Said once more after another one's, it is the word that stands.
    other_manager.put(path, {"level": 4})
    assert bob.put(path, {"level": 3}).get_json()["manager"]["by"] == "Bob (by token)"


def test_a_team_above_that_is_not_ones_own_is_not_named(
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


def test_no_team_is_skipped_whatever_the_order_of_the_database(
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


def test_a_mentor_reads_and_judges_nothing(
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
