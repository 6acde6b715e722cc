"""`flask db …`, on a separate database."""

from __future__ import annotations

import re
import shutil

import pytest
from flask import Flask

from roadmap import create_app
from roadmap.cli.database import group
from roadmap.core.clock import utc_now
from roadmap.core.config import ROOT
from roadmap.core.database import db, init_database
from roadmap.core.migrations import init_migrations
from roadmap.people.models import User


@pytest.fixture
def run(tmp_path):
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}",
            "DATA_DIR": str(tmp_path),
            "TESTING": True,
        }
    )

    def invoke(*arguments: str):
        return app.test_cli_runner().invoke(args=["db", *arguments])

    invoke.app = app
    yield invoke
    with app.app_context():
        db.engine.dispose()


def test_upgrade_check_and_downgrade(run):
    assert "there is no database" in run("current").stderr
    assert "went from nothing to" in run("upgrade").stdout
    assert "newest" in run("current").stdout
    assert "Nothing to do" in run("upgrade").stdout
    assert run("check").stdout == "Models and database agree.\n"
    assert run("downgrade", "base").exit_code == 0
    assert "nothing" in run("current").stdout


def test_check_fails_in_one_line_without_tables(run):
    result = run("check")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_upgrade_reports_an_unknown_target_in_one_line(run):
    result = run("upgrade", "nosuch")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1


def test_number_as_target_counts_migrations(run):
    assert "went from nothing to" in run("upgrade", "1").stdout
    assert "newest is" in run("current").stdout
    assert run("upgrade").exit_code == 0
    newest = run("current").stdout
    assert run("downgrade", "1").exit_code == 0
    assert run("upgrade", "1").exit_code == 0
    assert run("current").stdout == newest


def test_numeric_migration_id_is_a_valid_target(run):
    assert run("upgrade").exit_code == 0
    newest = run("current").stdout
    assert run("downgrade", "1795477818").stdout.endswith("to 1795477818.\n")
    assert run("upgrade", newest.split()[0]).exit_code == 0
    assert run("current").stdout == newest


def test_too_large_number_reports_the_number_of_migrations(run):
    run("upgrade")
    before = run("current").stdout
    for arguments, message in [
        (("downgrade", "99999"), "99999 is no migration, and there are only "),
        (("upgrade", "1"), "1 is no migration, and there are only 0 migrations to run"),
    ]:
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert message in result.stderr
        assert run("current").stdout == before


def test_downgrade_asks_for_confirmation_if_there_are_accounts(run):
    run("upgrade")
    newest = run("current").stdout
    with run.app.app_context():
        email = "alice@example.org"
        db.session.add(User(name="Alice", email=email, email_key=email, created_at=utc_now()))
        db.session.commit()
        db.session.close()
    # An invalid target is reported before the question.
    for target in ("nosuch", "heads", "+1"):
        unknown = run("downgrade", target)
        assert f"'{target}' is neither a migration nor a number of them" in unknown.stderr
    refused = run("downgrade", "1")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "There is no terminal to ask on: add --yes" in refused.stderr
    assert run("current").stdout == newest
    assert "went from" in run("downgrade", "1", "--yes").stdout


def test_revision_creates_a_dated_file_that_cairn_finds(tmp_path):
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    app = Flask("roadmap")
    app.config.update(DATABASE_URL=f"sqlite:///{tmp_path / 'app.sqlite3'}", ROOT=tmp_path)
    init_database(app)
    init_migrations(app)
    runner = app.test_cli_runner()
    assert runner.invoke(group, ["upgrade"]).exit_code == 0
    made = runner.invoke(group, ["revision", "Something new", "--empty"])
    assert made.exit_code == 0, made.output
    [path] = (tmp_path / "migrations").glob(f"{utc_now():%Y_%m_%d}_something_new.py")
    text = path.read_text("utf-8")
    # `core.database` finds migrations by these lines, without Alembic.
    for name in ("revision", "down_revision"):
        assert re.search(rf'^{name} = "\w+"$', text, re.MULTILINE)
    with app.app_context():
        db.engine.dispose()
