"""All people of a manager of several teams on one page, and moving someone between teams."""

from __future__ import annotations

import csv
import io
import re

import pytest
import sqlalchemy as sa

from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, Membership, Team
from roadmap.people.permissions import PermissionDenied
from tests.notifications.scenario import queued_mails


def listed_names(page):
    return re.findall(r"<th scope=row><a href=[^>]+>([^<]+)</a>", page)


@pytest.fixture
def nested(session, cast, now):
    """Bob manages Ranking and Vision; Mallory is in Vision and in Eval, nested in Vision."""
    vision = session.get_one(Team, cast.other_team)
    eval_team = people.create_team(
        session, slug="eval", name="Eval", parent_id=vision.id, by=None, now=now
    )
    people.add_member(session, vision, cast.bob, "manager", by=None, now=now)
    for team in (vision, eval_team):
        people.add_member(session, team, cast.mallory, "member", by=None, now=now)
    session.execute(sa.delete(Notification))
    session.commit()
    return eval_team


@pytest.mark.usefixtures("snapshot", "nested")
def test_people_page_lists_everyone_of_all_managed_teams(session, cast, browser_of):
    bob = browser_of(cast.bob)
    assert 'href="/people">All your people</a>' in bob.get("/teams").text
    page = bob.get("/people").text
    # Managers such as Dave have no row. Mallory has one row although she is in two teams.
    assert listed_names(page) == ["Alice", "Carol", "Mallory"]
    assert "<span class=cell-note>Eval, Vision</span>" in page
    assert f"/teams/eval/people/{cast.mallory}" in page
    assert bob.get(f"/teams/eval/people/{cast.mallory}").status_code == 200
    assert listed_names(bob.get("/people?team=vision").text) == ["Mallory"]
    assert listed_names(bob.get("/people?q=car").text) == ["Carol"]
    by_team = bob.get("/people?sort=team").text
    assert listed_names(by_team) == ["Mallory", "Alice", "Carol"]
    assert 'href="/people?sort=team&amp;order=desc"' in by_team
    sheet = bob.get("/people/export/csv?team=vision")
    assert "people-" in sheet.headers["Content-Disposition"]
    [row] = csv.DictReader(io.StringIO(sheet.data.decode("utf-8-sig")))
    assert (row["Name"], row["Team"]) == ("Mallory", "Eval, Vision")
    log = browser_of(cast.erin).get("/admin/audit?kind=export").text
    assert "The matrix of everyone Bob can see was exported as CSV: 1 of 3 people." in log
    # Dave manages Vision with the nested Eval, whose matrix already shows all his people.
    dave = browser_of(cast.dave)
    assert listed_names(dave.get("/people").text) == ["Mallory"]
    assert "All your people" not in dave.get("/teams").text
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.bob))
    session.commit()
    assert bob.get("/people").status_code == 403, "access ends with the last membership"


def test_people_page_needs_no_more_statements_than_one_team(
    session, cast, nested, browser_of, statements
):
    bob = browser_of(cast.bob)
    counts = []
    for path in ("/teams/ranking", "/people"):
        bob.get(path)
        with statements() as seen:
            assert bob.get(path).status_code == 200
        counts.append(len(seen))
    assert counts[1] <= counts[0]


def test_manager_of_both_teams_can_move_a_member(
    session, cast, now, nested, browser_of, with_mail: None
):
    bob, path = browser_of(cast.bob), f"/teams/ranking/members/{cast.alice}"
    assert (
        f'href="{path}">Change role or team' in bob.get(f"/teams/ranking/people/{cast.alice}").text
    )
    page = bob.get(path).text
    assert '<option value="eval">Eval</option>' in page
    assert 'value="ranking"' not in page
    assert bob.put(f"{path}/team", {"to": ""}).status_code == 422
    answer = bob.put(f"{path}/team", {"to": "eval"})
    assert (answer.status_code, answer.location) == (303, "/teams/eval/members")
    assert "Alice was moved from Ranking to Eval." in bob.get(answer.location).text
    assert session.get(Membership, (cast.team, cast.alice)) is None
    moved = session.get(Membership, (nested.id, cast.alice))
    assert (moved.role, moved.granted_by) == ("member", cast.bob)
    # One notification and one mail for both the removal and the addition.
    alice = browser_of(cast.alice).get("/notifications").text
    assert "Bob moved you from the team Ranking to the team <" in alice
    assert "Its managers and mentors now see what you share." in alice
    kinds = sa.select(Notification.kind).where(
        Notification.user_id == cast.alice, Notification.kind.in_(("added", "removed", "moved"))
    )
    assert session.scalars(kinds).all() == ["moved"]
    mails = [subject for to, subject in queued_mails(session) if to == "alice@example.org"]
    assert mails == ["You are now in the team Eval"]
    # Dave manages Vision, in which Eval is nested, so he sees Alice now.
    assert browser_of(cast.dave).get(f"/teams/eval/people/{cast.alice}").status_code == 200
    log = sa.select(AuditEntry.action, AuditEntry.target).where(
        AuditEntry.actor_id == cast.bob, AuditEntry.action.startswith("membership.")
    )
    assert set(session.execute(log).all()) == {
        ("membership.added", "eval"),
        ("membership.removed", "ranking"),
    }
    # A second submit moves nothing.
    assert bob.put(f"{path}/team", {"to": "vision"}).status_code == 303
    assert session.get(Membership, (cast.other_team, cast.alice)) is None


def test_move_to_a_team_the_actor_does_not_manage_is_refused(
    session, cast, now, nested, browser_of
):
    path = f"/teams/eval/members/{cast.mallory}/team"
    assert browser_of(cast.dave).put(path, {"to": "ranking"}).status_code == 422
    dave = cast.actor(session, cast.dave)
    ranking = session.get_one(Team, cast.team)
    with pytest.raises(PermissionDenied):
        people.move_member(session, nested, cast.mallory, ranking, by=dave, now=now)
    assert session.get(Membership, (nested.id, cast.mallory)) is not None
