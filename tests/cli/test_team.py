"""`flask team …`, and creating the first account from the command line."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.notifications.models import Notification
from roadmap.people import queries
from roadmap.people.models import AuditEntry, Team
from roadmap.people.queries import find_role
from tests.support.login import is_signed_in
from tests.support.statements import statements_of


def test_create_adds_a_team_with_parent(run, session):
    result = run("team", "create", "search", "--name", "  Search \n and discovery ")
    assert (result.exit_code, result.stdout) == (0, "search\n")
    assert (
        run("team", "create", "ranking", "--name", "Ranking", "--parent", "search").exit_code == 0
    )
    search, ranking = queries.find_team(session, "search"), queries.find_team(session, "ranking")
    assert (search.name, search.parent_id) == ("Search and discovery", None)
    assert ranking.parent_id == search.id
    assert session.scalars(sa.select(AuditEntry.action)).all() == ["team.created"] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Search", "--name", "Search"], "small letters"),
        (["new", "--name", "New"], "small letters"),
        (["ranking", "--name", "Ranking"], "there is a team ranking already"),
        (["search", "--name", " "], "between 1 and 200"),
        (["search", "--name", "x" * 201], "between 1 and 200"),
        (["search", "--name", "Search", "--parent", "nowhere"], "there is no team nowhere"),
        (["search"], "Missing option"),
    ],
)
def test_create_rejects_invalid_input(run, session, cast, arguments, message):
    result = run("team", "create", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Team)) == 2


def test_add_adds_a_member_and_changes_the_role(run, session, cast):
    added = run("team", "add", "ranking", "Mallory@example.org", "--role", "member")
    assert (added.exit_code, added.stdout) == (0, "mallory@example.org is member of ranking.\n")
    second = run("team", "add", "vision", "mallory@example.org", "--role", "member")
    assert second.stdout.splitlines()[1:] == ["They are still in Ranking."]
    again = run("team", "add", "ranking", "mallory@example.org", "--role", "member")
    assert (again.exit_code, "already" in again.stdout) == (0, True)
    run("team", "add", "ranking", "mallory@example.org", "--role", "manager")
    assert find_role(session, cast.team, cast.mallory) == "manager"


def test_role_change_ends_the_sessions(run, cast, browser_of):
    browser = browser_of(cast.bob)
    run("team", "add", "ranking", "bob@example.org", "--role", "member")
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "mallory@example.org", "--role", "member"], "there is no team nowhere"),
        (["ranking", "ada@example.org", "--role", "member"], "there is no account for ada"),
        (["ranking", "mallory@example.org", "--role", "owner"], "owner"),
        (["ranking", "mallory@example.org"], "Missing option"),
    ],
)
def test_add_rejects_invalid_input(run, session, cast, arguments, message):
    result = run("team", "add", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert find_role(session, cast.team, cast.mallory) is None


def test_add_rejects_a_deactivated_account(run, cast):
    run("user", "deactivate", "mallory@example.org")
    result = run("team", "add", "ranking", "mallory@example.org", "--role", "member")
    assert (result.exit_code, "is deactivated" in result.stderr) == (1, True)


def test_remove_ends_the_membership_once(run, session, cast):
    result = run("team", "remove", "ranking", "alice@example.org")
    assert (result.exit_code, "no longer in ranking" in result.stdout) == (0, True)
    assert find_role(session, cast.team, cast.alice) is None
    again = run("team", "remove", "ranking", "alice@example.org")
    assert (again.exit_code, "is not in ranking" in again.stderr) == (1, True)


def test_list_shows_members_parent_and_name(run, cast):
    run("team", "create", "images", "--name", "Images", "--parent", "vision")
    lines = [line.split() for line in run("team", "list").stdout.splitlines()]
    assert lines == [
        ["images", "0", "vision", "Images"],
        ["ranking", "3", "-", "Ranking"],
        ["vision", "1", "-", "Vision"],
    ]


def test_list_runs_the_same_number_of_queries_for_more_teams(run, app, cast):
    few = statements_of(app, lambda: run("team", "list"))
    for number in range(5):
        run("team", "create", f"team-{number}", "--name", f"Team {number}")
    assert len(statements_of(app, lambda: run("team", "list"))) == len(few)


def test_added_member_is_notified(run, session, cast):
    run("team", "add", "ranking", "mallory@example.org", "--role", "member")
    notification = session.scalars(sa.select(Notification)).one()
    assert (notification.user_id, notification.kind, notification.actor_name) == (
        cast.mallory,
        "added",
        "",
    )
    assert notification.data["team"] == "Ranking"


def test_list_without_teams_is_empty(run, app):
    result = run("team", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no team yet" in result.stderr


def test_first_account_becomes_administrator(run, app):
    first = run("user", "create", "ada@example.org", "--name", "Ada")
    assert first.exit_code == 0
    assert "first account" in first.stderr
    assert len(first.stdout.splitlines()) == 2
    second = run("user", "create", "max@example.org", "--name", "Max")
    assert second.stderr == ""
    roles = [line.split()[2] for line in run("user", "list").stdout.splitlines()]
    assert roles == ["administrator", "person"]


def test_explicit_administrator_is_created_without_a_notice(run, app):
    assert run("user", "create", "ada@example.org", "--name", "Ada", "--admin").stderr == ""
    assert run("user", "deactivate", "ada@example.org").exit_code == 1
