"""Operator errors give a one-line message that names the setting and the fix."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap.cli.command_groups import GROUPS
from roadmap.core import config
from roadmap.core.config import ROOT
from roadmap.core.database import db
from roadmap.jobs.queue import JobQueue
from tests.support.databases import make_app, ready_database, temporary_database
from tests.support.server import free_port

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
KEY = "a secret of the tests, long enough"
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
SERVE = ("-m", "roadmap.serve", "--port", "{port}")
SERVER_ALONE = ("-m", "roadmap.processes", "--port", "{port}")
LIST = ("-m", "flask", "--app", "roadmap", "user", "list")
UPGRADE = ("-m", "flask", "--app", "roadmap", "db", "upgrade")
CURRENT = ("-m", "flask", "--app", "roadmap", "db", "current")
JOBS = ("-m", "flask", "--app", "roadmap", "jobs", "run", "--once")
SERVERS_AND_COMMAND = (SERVE, SERVER_ALONE, LIST)


def drop_root_file_access() -> None:
    """Drop the capabilities with which root ignores file modes."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def run(words: tuple[str, ...], port: int, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ROADMAP_") and name not in ("HOST", "PORT")
    }
    return subprocess.run(
        [sys.executable, *(word.format(port=port) for word in words)],
        env={**kept, **{f"ROADMAP_{name}": value for name, value in settings.items()}},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=drop_root_file_access if os.geteuid() == 0 else None,
    )  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """An invalid installation: its settings, the expected message, and the processes to start.

    All processes read the settings with one function, so most faults start none.
    """

    prepare: Callable[[Path], dict[str, str]]
    said: tuple[str, ...]
    met_by: tuple[tuple[str, ...], ...] = ()


def no_key(folder: Path) -> dict[str, str]:
    return {"DATA_DIR": str(folder / "new")}


def short_key(folder: Path) -> dict[str, str]:
    return {"DATA_DIR": str(folder), "SECRET_KEY": "short"}


def unreadable_key(folder: Path) -> dict[str, str]:
    (folder / "secret-key").write_text(KEY)
    (folder / "secret-key").chmod(0o000)
    return {"DATA_DIR": str(folder)}


def empty_key(folder: Path) -> dict[str, str]:
    (folder / "secret-key").touch()
    return {"DATA_DIR": str(folder)}


def binary_key(folder: Path) -> dict[str, str]:
    (folder / "secret-key").write_bytes(b"\xff\xfe" * 20)
    return {"DATA_DIR": str(folder)}


def unwritable_folder(folder: Path) -> dict[str, str]:
    (folder / "data").mkdir(mode=0o500)
    return {"DATA_DIR": str(folder / "data"), "SECRET_KEY": KEY}


def unwritable_parent(folder: Path) -> dict[str, str]:
    (folder / "closed").mkdir(mode=0o500)
    return {"DATA_DIR": str(folder / "closed" / "data"), "SECRET_KEY": KEY}


def file_as_folder(folder: Path) -> dict[str, str]:
    (folder / "data").touch()
    return {"DATA_DIR": str(folder / "data"), "SECRET_KEY": KEY}


def at(address: str) -> Callable[[Path], dict[str, str]]:
    def prepare(folder: Path) -> dict[str, str]:
        (folder / "closed").mkdir(mode=0o500)
        (folder / "text").write_text("This is no database. " * 100)
        url = address.format(folder=folder)
        return {"DATA_DIR": str(folder), "SECRET_KEY": KEY, "DATABASE_URL": url}

    return prepare


def setting(name: str, value: str) -> Callable[[Path], dict[str, str]]:
    return lambda folder: {"DATA_DIR": str(folder), "SECRET_KEY": KEY, name: value}


FAULTS = {
    "no key": Fault(no_key, ("ROADMAP_SECRET_KEY is not set", "make run"), (SERVER_ALONE, LIST)),
    "missing data folder": Fault(
        lambda folder: {"DATA_DIR": str(folder / "mistyped")},
        ("{folder}/mistyped is not a folder", "correct ROADMAP_DATA_DIR"),
        (SERVER_ALONE, LIST),
    ),
    "file as data folder without key": Fault(
        lambda _folder: {"DATA_DIR": str(ROOT / "README.md")},
        (f"{ROOT}/README.md is not a folder", "correct ROADMAP_DATA_DIR"),
    ),
    "data folder without key": Fault(
        lambda folder: {"DATA_DIR": str(folder)},
        ("the folder {folder} has none", "correct ROADMAP_DATA_DIR"),
    ),
    "short key": Fault(short_key, ("ROADMAP_SECRET_KEY is too short", "16 characters")),
    "unreadable key": Fault(
        unreadable_key,
        ("{folder}/secret-key cannot be read", "user of the server"),
        SERVERS_AND_COMMAND,
    ),
    "empty key": Fault(empty_key, ("{folder}/secret-key contains no secret key", "restore yours")),
    "binary key": Fault(
        binary_key, ("{folder}/secret-key contains no secret key", "restore yours")
    ),
    "unwritable data folder": Fault(
        unwritable_folder,
        ("ROADMAP_DATA_DIR: the folder {folder}/data", "may not write there"),
        SERVERS_AND_COMMAND,
    ),
    "unwritable parent folder": Fault(
        unwritable_parent,
        ("ROADMAP_DATA_DIR", "{folder}/closed/data", "permission denied"),
        (SERVE, SERVER_ALONE, UPGRADE),
    ),
    "file as data folder": Fault(
        file_as_folder, ("ROADMAP_DATA_DIR: the folder {folder}/data", "file exists")
    ),
    "missing database folder": Fault(
        at("sqlite:///{folder}/none/x.sqlite3"),
        ("ROADMAP_DATABASE_URL names {folder}/none/x.sqlite3", "no folder {folder}/none"),
    ),
    "folder as database": Fault(
        at("sqlite:///{folder}/closed"), ("ROADMAP_DATABASE_URL", "that is a folder"), (SERVE,)
    ),
    "unwritable database folder": Fault(
        at("sqlite:///{folder}/closed/x.sqlite3"),
        ("ROADMAP_DATABASE_URL", "no folder {folder}/closed that this user may write to"),
        (SERVER_ALONE,),
    ),
    "invalid database file": Fault(
        at("sqlite:///{folder}/text"),
        ("ROADMAP_DATABASE_URL", "file is not a database"),
        (SERVE, LIST, JOBS),
    ),
    "unreachable database": Fault(
        at("postgresql://cairn:hidden@127.0.0.1:9/cairn"),
        ("ROADMAP_DATABASE_URL", "port 9"),
        (SERVE, LIST, JOBS),
    ),
    "unsupported database": Fault(
        at("mysql://cairn:hidden@127.0.0.1/cairn"), ("ROADMAP_DATABASE_URL must look like sqlite:",)
    ),
    "unquoted password": Fault(
        at("postgresql://cairn:begin@hidden@127.0.0.1"), ("ROADMAP_DATABASE_URL", "%40")
    ),
    "PostgreSQL without host": Fault(at("postgresql://"), ("ROADMAP_DATABASE_URL names neither",)),
    "invalid sign-up": Fault(
        setting("SIGNUP", "maybe"), ("ROADMAP_SIGNUP must be 'open' or 'invite'",)
    ),
    "SQLite in memory": Fault(
        at("sqlite://"),
        ("ROADMAP_DATABASE_URL must look like sqlite:",),
        (SERVE, SERVER_ALONE, LIST, UPGRADE, CURRENT),
    ),
    "missing database file": Fault(
        at("sqlite:///{folder}/mistyped.sqlite3"),
        ("there is no database {folder}/mistyped.sqlite3", "correct ROADMAP_DATABASE_URL"),
        (LIST, CURRENT, JOBS),
    ),
    "mail without sender": Fault(
        setting("SMTP_URL", "smtp://127.0.0.1"), ("ROADMAP_SMTP_URL needs ROADMAP_MAIL_FROM",)
    ),
}


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.met_by])
def test_invalid_setting_is_reported_in_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for inherited in [each for each in os.environ if each.startswith("ROADMAP_")]:
        monkeypatch.delenv(inherited)
    for setting_name, value in FAULTS[name].prepare(tmp_path).items():
        monkeypatch.setenv(f"ROADMAP_{setting_name}", value)
    with pytest.raises(SystemExit) as refused:
        config.check_settings("127.0.0.1", 8000)
    [line] = str(refused.value.code).splitlines()
    assert "hidden" not in line
    for text in FAULTS[name].said:
        assert text.format(folder=tmp_path) in line


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.met_by])
def test_invalid_installation_is_reported_in_one_line(
    name: str, tmp_path: Path, free_port: int
) -> None:
    fault = FAULTS[name]
    settings = fault.prepare(tmp_path)
    for words in fault.met_by:
        done = run(words, free_port, **settings)
        assert (done.returncode, done.stdout) == (1, ""), (words, done.stderr)
        assert len(done.stderr.splitlines()) == 1, (words, done.stderr)
        assert "hidden" not in done.stderr
        for text in fault.said:
            assert text.format(folder=tmp_path) in done.stderr, words
        assert not [*tmp_path.glob("mistyped*")]


@pytest.mark.slow
def test_command_exits_silently_if_its_output_pipe_is_closed(tmp_path: Path) -> None:
    """As in `user list | head`, which closes the pipe."""
    with ready_database(tmp_path) as url:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, *LIST[:-2], "team", "create", "ranking", "--name", "Ranking"],
            env={**os.environ, "ROADMAP_DATABASE_URL": url, "ROADMAP_SECRET_KEY": KEY},
            cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
        os.close(writer)
    assert done.stderr == ""


@pytest.fixture(name="free_port")
def fixture_free_port() -> int:
    return free_port()


@pytest.mark.slow
@pytest.mark.parametrize("words", [SERVE, SERVER_ALONE])
def test_unusable_listen_address_is_reported_in_one_line(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    settings = {"DATA_DIR": str(tmp_path), "SECRET_KEY": KEY}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for more, status, said in [
            ((), 1, (f"Port {port} on 127.0.0.1", f"make run PORT={port + 1}")),
            (("--host", "192.0.2.1"), 1, ("192.0.2.1", "HOST has to be an address")),
            (("--host", "none.invalid"), 1, ("none.invalid", "HOST has to be an address")),
            (("--port", "80000"), 2, ("'80000' is not a port between 1 and 65535",)),
            (("--port", "9" * 5000), 2, ("is not a port between 1 and 65535",)),
        ]:
            done = run((*words, *more), port, **settings)
            [line] = done.stderr.splitlines()
            assert (done.returncode, done.stdout) == (status, ""), done.stderr
            assert all(text in line for text in said), line


@pytest.fixture
def newer(tmp_path: Path) -> Iterator[Flask]:
    """An application whose database has a migration that this release does not know."""
    with ready_database(tmp_path) as url:
        app = make_app(url, tmp_path)
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999999999'"))
        yield app
        with app.app_context():
            db.engine.dispose()


# Every command with its required arguments; those of `FILE_COMMANDS` use no database.
FILE_COMMANDS = {"backup verify", "catalog validate"}
COMMANDS = {
    "badges rotate-keys": (),
    "export schema": (), "export user": ("alice@example.org", "--to", "x.zip"),
    "import user": ("x.zip",), "user delete": ("alice@example.org",),
    "user keep": ("alice@example.org",),
    "backup create": ("x.zip",), "backup restore": ("x.zip",), "backup verify": ("x.zip",),
    "catalog sync": (), "catalog validate": ("x.yaml",), "catalog withdraw": ("x",),
    "db check": (), "db current": (), "db downgrade": (), "db revision": ("x",), "db upgrade": (),
    "demo load": ("--force",), "jobs run": ("--once",), "market import": ("x.zip",),
    "readiness recompute": (),
    "team add": ("x", "alice@example.org", "--role", "member"), "team create": ("x", "--name", "X"),
    "team list": (), "team remove": ("x", "alice@example.org"),
    "token create": ("alice@example.org", "--name", "X"), "token list": ("alice@example.org",),
    "token revoke": ("alice@example.org", "00000000-0000-0000-0000-000000000000"),
    "user create": ("alice@example.org", "--name", "Alice"),
    "user confirm-email": ("alice@example.org",), "user list": (),
    "user deactivate": ("alice@example.org",),
    "user reactivate": ("alice@example.org",), "user reset-password": ("alice@example.org",),
    "user role": ("alice@example.org", "person"),
}  # fmt: skip


def test_every_command_rejects_the_database_of_a_newer_release(newer: Flask) -> None:
    found = {
        f"{name} {command}"
        for name in GROUPS
        for command in newer.cli.commands[name].commands  # type: ignore[attr-defined]
    }
    assert found == set(COMMANDS)
    for name in sorted(found - FILE_COMMANDS):
        done = newer.test_cli_runner().invoke(args=[*name.split(), *COMMANDS[name]])
        assert (done.exit_code, done.stdout) == (1, ""), name
        [line] = done.stderr.splitlines()
        assert "it is of a newer Cairn. Put the newer code back" in line, name


def test_server_with_the_database_of_a_newer_release_is_not_ready(
    newer: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = newer.test_client().get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database is of a newer Cairn\n")
    # A running job process waits.
    queue = JobQueue(newer)
    queue.huey.immediate = True
    queue.wake()
    queue.huey.storage.close()
    assert "jobs wait: the database's schema is of another release" in caplog.text


def test_jobs_report_missing_tables_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with temporary_database(tmp_path) as url:
        app = make_app(url, tmp_path)
        with app.app_context():
            db.create_file()
        queue = JobQueue(app)
        queue.huey.immediate = True
        queue.wake()
        queue.huey.storage.close()
        with app.app_context():
            db.engine.dispose()
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.getMessage().startswith("jobs wait, the database cannot be used: ")
    assert "alembic_version" in line.getMessage()
    assert "\n" not in line.getMessage()
    assert line.exc_info is None


@pytest.mark.slow
def test_server_does_not_start_with_the_database_of_a_newer_release(
    newer: Flask, tmp_path: Path, free_port: int
) -> None:
    url = newer.config["DATABASE_URL"]
    settings = {"DATA_DIR": str(tmp_path), "SECRET_KEY": KEY, "DATABASE_URL": url}
    done = run(SERVE, free_port, **settings)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "it is of a newer Cairn. Put the newer code back" in line


def test_unreadable_env_file_is_reported_in_one_line(tmp_path: Path) -> None:
    """`make install` keeps Flask from reading the file first."""
    for folder in ("roadmap", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    env_file = tmp_path / ".env"
    env_file.write_text("ROADMAP_SIGNUP=invite\n")
    env_file.chmod(0o000)
    [line] = re.findall(r"echo '(import os; .*FLASK_SKIP_DOTENV.*)'", MAKEFILE)
    command = f"{line}; from flask.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--app", "roadmap", "user", "list"],
        env={**os.environ, "ROADMAP_SECRET_KEY": KEY, "ROADMAP_DATA_DIR": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=drop_root_file_access if os.geteuid() == 0 else None,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert f"{env_file} cannot be read by " in done.stderr
    assert "sudo -u " in done.stderr


def test_installed_pth_file_makes_flask_skip_dotenv(tmp_path: Path) -> None:
    [line] = re.findall(r"echo '(import os; .*FLASK_SKIP_DOTENV.*)'", MAKEFILE)
    (tmp_path / "cairn.pth").write_text(f"{line}\n")
    asked = (
        f"import os, site; site.addsitedir({str(tmp_path)!r}); "
        "print(os.environ['FLASK_SKIP_DOTENV'])"
    )
    kept = {name: value for name, value in os.environ.items() if name != "FLASK_SKIP_DOTENV"}
    done = subprocess.run(
        [sys.executable, "-c", asked], env=kept, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
