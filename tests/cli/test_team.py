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


@pytest.fixture
def run(app):
    """`run("team", "list")`: the result of a command."""

    def invoke(*arguments: str):
        return app.test_cli_runner().invoke(args=list(arguments))

    return invoke


def test_create(run, session):
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
    ("arguments", "said"),
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
def test_create_rejects_bad_input(run, session, cast, arguments, said):
    result = run("team", "create", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Team)) == 2


def test_add_and_another_role(run, session, cast):
    added = run("team", "add", "ranking", "Mallory@example.org", "--role", "member")
    assert (added.exit_code, added.stdout) == (0, "mallory@example.org is member of ranking.\n")
    besides = run("team", "add", "vision", "mallory@example.org", "--role", "member")
    assert besides.stdout.splitlines()[1:] == ["They are still in Ranking."]
    again = run("team", "add", "ranking", "mallory@example.org", "--role", "member")
    assert (again.exit_code, "already" in again.stdout) == (0, True)
    run("team", "add", "ranking", "mallory@example.org", "--role", "manager")
    assert find_role(session, cast.team, cast.mallory) == "manager"


def test_another_role_ends_the_sessions(run, cast, browser_of):
    browser = browser_of(cast.bob)
    run("team", "add", "ranking", "bob@example.org", "--role", "member")
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "mallory@example.org", "--role", "member"], "there is no team nowhere"),
        (["ranking", "ada@example.org", "--role", "member"], "there is no account for ada"),
        (["ranking", "mallory@example.org", "--role", "owner"], "owner"),
        (["ranking", "mallory@example.org"], "Missing option"),
    ],
)
def test_add_rejects_bad_input(run, session, cast, arguments, said):
    result = run("team", "add", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert find_role(session, cast.team, cast.mallory) is None


def test_a_closed_account_joins_nothing(run, cast):
    run("user", "deactivate", "mallory@example.org")
    result = run("team", "add", "ranking", "mallory@example.org", "--role", "member")
    assert (result.exit_code, "is deactivated" in result.stderr) == (1, True)


def test_remove(run, session, cast):
    result = run("team", "remove", "ranking", "alice@example.org")
    assert (result.exit_code, "no longer in ranking" in result.stdout) == (0, True)
    assert find_role(session, cast.team, cast.alice) is None
    again = run("team", "remove", "ranking", "alice@example.org")
    assert (again.exit_code, "is not in ranking" in again.stderr) == (1, True)


def test_list(run, cast):
    run("team", "create", "images", "--name", "Images", "--parent", "vision")
    lines = [line.split() for line in run("team", "list").stdout.splitlines()]
    assert lines == [
        ["images", "0", "vision", "Images"],
        ["ranking", "3", "-", "Ranking"],
        ["vision", "1", "-", "Vision"],
    ]


def test_list_asks_once_for_all(run, app, cast):
    few = statements_of(app, lambda: run("team", "list"))
    for number in range(5):
        run("team", "create", f"team-{number}", "--name", f"Team {number}")
    assert len(statements_of(app, lambda: run("team", "list"))) == len(few)


def test_who_is_put_into_a_team_is_told(run, session, cast):
    run("team", "add", "ranking", "mallory@example.org", "--role", "member")
    told = session.scalars(sa.select(Notification)).one()
    assert (told.user_id, told.kind, told.actor_name) == (cast.mallory, "added", "")
    assert told.data["team"] == "Ranking"


def test_list_of_none(run, app):
    result = run("team", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no team yet" in result.stderr


def test_the_first_account_is_an_administrators(run, app):
    first = run("user", "create", "ada@example.org", "--name", "Ada")
    assert first.exit_code == 0
    assert "first account" in first.stderr
    assert len(first.stdout.splitlines()) == 2
    second = run("user", "create", "max@example.org", "--name", "Max")
    assert second.stderr == ""
    roles = [line.split()[2] for line in run("user", "list").stdout.splitlines()]
    assert roles == ["administrator", "person"]


def test_an_administrator_who_is_asked_for_needs_no_remark(run, app):
    assert run("user", "create", "ada@example.org", "--name", "Ada", "--admin").stderr == ""
    assert run("user", "deactivate", "ada@example.org").exit_code == 1


@pytest.mark.parametrize("command", ["team", "team create", "team list", "team add", "team remove"])
def test_every_command_has_help(run, command):
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
