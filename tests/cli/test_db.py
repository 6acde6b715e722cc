"""`flask db …`, on a database of its own."""

from __future__ import annotations

import pytest

from roadmap import create_app


@pytest.fixture
def run(tmp_path):
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'own.sqlite3'}",
            "DATA_DIR": str(tmp_path),
            "TESTING": True,
        }
    )
    yield lambda *arguments: app.test_cli_runner().invoke(args=["db", *arguments])
    with app.app_context():
        from roadmap.core.database import db

        db.engine.dispose()


def test_up_and_down(run):
    assert "there is no database" in run("current").stderr
    assert "went from nothing to" in run("upgrade").stdout
    assert "newest" in run("current").stdout
    assert "Nothing to do" in run("upgrade").stdout
    assert run("check").stdout == "Models and database agree.\n"
    assert run("downgrade", "base").exit_code == 0
    assert "nothing" in run("current").stdout


def test_a_database_behind_the_models_is_told(run):
    result = run("check")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_an_unknown_target_is_one_line(run):
    result = run("upgrade", "nosuch")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1


def test_a_number_goes_so_many_migrations_up_or_down(run):
    assert "went from nothing to" in run("upgrade", "1").stdout
    assert "newest is" in run("current").stdout
    assert run("upgrade").exit_code == 0
    newest = run("current").stdout
    assert run("downgrade", "1").exit_code == 0
    assert run("upgrade", "1").exit_code == 0
    assert run("current").stdout == newest


def test_a_migration_is_a_target_although_its_name_is_a_number(run):
    assert run("upgrade").exit_code == 0
    newest = run("current").stdout
    assert run("downgrade", "1795477818").stdout.endswith("to 1795477818.\n")
    assert run("upgrade", newest.split()[0]).exit_code == 0
    assert run("current").stdout == newest
