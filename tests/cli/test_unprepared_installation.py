"""Commands on an installation without a database or with an older schema."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from roadmap import create_app
from roadmap.core.config import store_base_url
from roadmap.core.database import db
from roadmap.jobs.wakeup import get_job_queue

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
    ids=" ".join,
)
def test_commands_report_a_missing_database_and_the_fix(
    run: Run, folder: Path, words: tuple[str, ...]
) -> None:
    done = run(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(folder / "cairn.sqlite3") in done.stderr
    assert "run `.venv/bin/flask --app roadmap db upgrade` first" in done.stderr


def test_command_reports_an_older_schema_and_the_fix(run: Run, folder: Path) -> None:
    run("db", "upgrade", "1")
    done = run("user", "list")
    assert done.exit_code == 1
    assert "db upgrade" in done.stderr
    assert str(folder) in done.stderr


def test_files_created_by_commands_are_private(run: Run, folder: Path) -> None:
    assert run("db", "upgrade").exit_code == 0
    assert run("user", "list").exit_code == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert "cairn.sqlite3" in modes
    assert set(modes.values()) == {0o600}


def test_password_link_starts_with_the_address_of_the_server(run: Run, folder: Path) -> None:
    run("db", "upgrade")
    for number, (host, address) in enumerate(
        [
            ("127.0.0.1", "http://127.0.0.1:8081"),
            ("0.0.0.0", "http://127.0.0.1:8081"),  # noqa: S104 - nothing listens
            ("::", "http://[::1]:8081"),
            ("cairn.example.org", "http://cairn.example.org:8081"),
        ]
    ):
        store_base_url(host, 8081, folder)
        done = run("user", "create", f"erin{number}@example.org", "--name", "Erin")
        assert done.stdout.splitlines()[1].startswith(f"{address}/password/")


def test_job_queue_file_is_private(run: Run, folder: Path) -> None:
    app = create_app({"SECRET_KEY": "a secret of the tests", "DATA_DIR": str(folder)})
    queue = get_job_queue(app).huey
    queue.storage.queue_size()
    queue.storage.close()
    assert stat.S_IMODE((folder / "jobs.sqlite3").stat().st_mode) == 0o600


def test_unknown_command_is_reported_in_one_line(run: Run) -> None:
    done = run("bogus")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Error: there is no command 'bogus'; `.venv/bin/flask --app roadmap --help` lists them"
    ]


def test_backup_create_reports_a_missing_folder(app: Flask, tmp_path: Path) -> None:
    arguments = ["backup", "create", str(tmp_path / "nowhere" / "x.zip")]
    done = app.test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 1
    assert done.stderr == f"Error: the folder {tmp_path / 'nowhere'} does not exist\n"
