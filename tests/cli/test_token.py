"""`flask token …`."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.auth import actions
from roadmap.auth.models import ApiToken
from tests.support.api_client import ApiClient


def test_create_prints_only_the_token(run, app, cast, session, now):
    result = run("token", "create", "Alice@example.org", "--name", "CI", "--scope", "write")
    assert result.exit_code == 0, result.output
    (token,) = result.stdout.splitlines()
    assert token.startswith("cairn_")
    caller = ApiClient(app, token)
    assert caller.get("/me").get_json()["token"]["scope"] == "write"
    row = session.scalars(sa.select(ApiToken)).one()
    assert abs(row.expires_at - now - dt.timedelta(days=90)) < dt.timedelta(minutes=1)


def test_token_scope_defaults_to_read(run, app, cast):
    token = run(
        "token", "create", "alice@example.org", "--name", "CI", "--days", "1"
    ).stdout.strip()
    assert ApiClient(app, token).get("/me").get_json()["token"]["scope"] == "read"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody@example.org", "--name", "CI"), "no account"),
        (("alice@example.org", "--name", " "), "name"),
        (("alice@example.org", "--name", "CI", "--days", "366"), "days"),
        (("alice@example.org", "--name", "CI", "--days", "0"), "days"),
        (("alice@example.org", "--name", "CI", "--scope", "admin"), "scope"),
        (("alice@example.org",), "name"),
    ],
)
def test_create_reports_invalid_input_in_one_line(run, cast, session, arguments, message):
    result = run("token", "create", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert session.scalars(sa.select(ApiToken)).all() == []


def test_create_rejects_a_deactivated_account(run, cast, session, now):
    actions.deactivate(session, cast.alice, by=None, now=now)
    session.commit()
    result = run("token", "create", "alice@example.org", "--name", "CI")
    assert (result.exit_code, "deactivated" in result.stderr) == (1, True)


def test_tokens_are_listed_and_revoked(run, app, cast, session):
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
