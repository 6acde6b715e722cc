"""Output and side effects of commands on an unprepared installation."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result

from roadmap import create_app
from roadmap.core.config import ROOT, record_address
from roadmap.core.database import db
from roadmap.jobs.wakeup import get_job_queue
from tests.support.postgres import create_database, drop_database

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mistyped"


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": f"sqlite:///{folder / 'cairn.sqlite3'}",
            "DATA_DIR": str(folder),
            "TESTING": True,
        }
    )
    before = os.umask(0o022)
    yield lambda *words: app.test_cli_runner().invoke(args=words)
    os.umask(before)
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "words",
    [
        ("user", "list"),
        ("team", "list"),
        ("token", "list", "alice@example.org"),
        ("catalog", "sync"),
        ("demo", "load"),
        ("jobs", "run", "--once"),
        ("backup", "create", "never.zip"),
        ("readiness", "recompute"),
    ],
)
def test_an_empty_database_is_named_with_the_way_on(
    run: Run, folder: Path, words: tuple[str, ...]
) -> None:
    done = run(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(folder / "cairn.sqlite3") in done.stderr
    assert "run `.venv/bin/flask --app roadmap db upgrade` first" in done.stderr


def test_an_older_schema_is_told_alike(run: Run, folder: Path) -> None:
    run("db", "upgrade", "1")
    done = run("user", "list")
    assert done.exit_code == 1
    assert "db upgrade" in done.stderr
    assert str(folder) in done.stderr


@pytest.mark.postgres
def test_postgresql_is_named_without_its_password(tmp_path: Path) -> None:
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        pytest.skip("TEST_DATABASE_URL names no PostgreSQL")
    url = create_database(server, "test_first_steps")
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": url,
            "DATA_DIR": str(tmp_path),
            "TESTING": True,
        }
    )
    try:
        done = app.test_cli_runner().invoke(args=["user", "list"])
        with app.app_context():
            db.engine.dispose()
    finally:
        drop_database(server, "test_first_steps")
    password = sa.make_url(url).password
    assert "test_first_steps" in done.stderr
    assert "run `.venv/bin/flask --app roadmap db upgrade` first" in done.stderr
    assert password is None or password not in done.stderr


def test_what_commands_make_is_for_its_owner_only(run: Run, folder: Path) -> None:
    assert run("db", "upgrade").exit_code == 0
    assert run("user", "list").exit_code == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert "cairn.sqlite3" in modes
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8081"),
        ("0.0.0.0", "http://127.0.0.1:8081"),  # noqa: S104
        ("::", "http://[::1]:8081"),
        ("cairn.example.org", "http://cairn.example.org:8081"),
    ],
)
def test_a_link_begins_with_the_address_of_the_server(
    run: Run, folder: Path, host: str, address: str
) -> None:
    run("db", "upgrade")
    words = ("user", "create", "erin@example.org", "--name", "Erin")
    record_address(host, 8081, folder)
    assert run(*words).stdout.splitlines()[1].startswith(f"{address}/password/")


def test_the_queue_is_for_its_owner_only(run: Run, folder: Path) -> None:
    app = create_app({"SECRET_KEY": "a secret of the tests", "DATA_DIR": str(folder)})
    queue = get_job_queue(app).huey
    queue.storage.queue_size()
    queue.storage.close()
    assert stat.S_IMODE((folder / "jobs.sqlite3").stat().st_mode) == 0o600


def test_a_command_that_does_not_exist_is_one_line(run: Run) -> None:
    done = run("bogus")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Error: there is no command 'bogus'; `.venv/bin/flask --app roadmap --help` lists them"
    ]


def test_a_mistyped_command_is_named_before_anything_is_set_up(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADMAP_")}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "roadmap", "usr", "list"],
        env={**kept, "ROADMAP_DATA_DIR": str(tmp_path)}, cwd=ROOT,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Error: there is no command 'usr'")


def test_a_backup_names_the_folder_that_is_missing(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")
    done = run("backup", "create", str(tmp_path / "nowhere" / "x.zip"))
    assert done.exit_code == 1
    assert done.stderr == f"Error: the folder {tmp_path / 'nowhere'} does not exist\n"
