"""`flask token …`."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.auth import actions
from roadmap.auth.models import ApiToken
from tests.support.api_client import ApiClient


@pytest.fixture
def run(app):
    """`run("token", "list", …)`: the result of a command."""

    def invoke(*arguments: str):
        return app.test_cli_runner().invoke(args=list(arguments))

    return invoke


def test_create_prints_the_token_alone(run, app, cast, session, now):
    result = run("token", "create", "Alice@example.org", "--name", "CI", "--scope", "write")
    assert result.exit_code == 0, result.output
    (token,) = result.stdout.splitlines()
    assert token.startswith("cairn_")
    caller = ApiClient(app, token)
    assert caller.get("/me").get_json()["token"]["scope"] == "write"
    row = session.scalars(sa.select(ApiToken)).one()
    assert abs(row.expires_at - now - dt.timedelta(days=90)) < dt.timedelta(minutes=1)


def test_a_token_reads_where_nothing_is_said(run, app, cast):
    token = run(
        "token", "create", "alice@example.org", "--name", "CI", "--days", "1"
    ).stdout.strip()
    assert ApiClient(app, token).get("/me").get_json()["token"]["scope"] == "read"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody@example.org", "--name", "CI"), "no account"),
        (("alice@example.org", "--name", " "), "name"),
        (("alice@example.org", "--name", "CI", "--days", "366"), "days"),
        (("alice@example.org", "--name", "CI", "--days", "0"), "days"),
        (("alice@example.org", "--name", "CI", "--scope", "admin"), "scope"),
        (("alice@example.org",), "name"),
    ],
)
def test_what_is_refused_takes_one_line(run, cast, session, arguments, said):
    result = run("token", "create", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert session.scalars(sa.select(ApiToken)).all() == []


def test_a_closed_account_gets_none(run, cast, session, now):
    actions.deactivate(session, cast.alice, by=None, now=now)
    session.commit()
    result = run("token", "create", "alice@example.org", "--name", "CI")
    assert (result.exit_code, "deactivated" in result.stderr) == (1, True)


def test_tokens_are_listed_and_ended(run, app, cast, session):
    token = run("token", "create", "alice@example.org", "--name", "CI").stdout.strip()
    run("token", "create", "bob@example.org", "--name", "Bobs")
    (line,) = run("token", "list", "alice@example.org").stdout.splitlines()
    assert line.endswith("never used  CI")
    assert token not in line
    key = line.split()[0]
    other = run("token", "revoke", "bob@example.org", key)
    assert (other.exit_code, "no token" in other.stderr) == (1, True)
    assert run("token", "revoke", "alice@example.org", key).exit_code == 0
    assert ApiClient(app, token).get("/me").status_code == 401
    assert run("token", "list", "alice@example.org").stdout == ""
