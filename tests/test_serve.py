"""Preparation by `make run` before the server starts."""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import granian.server.mp
import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap import create_app
from roadmap.catalog.models import RoadmapRevision
from roadmap.core import config
from roadmap.core.database import db
from roadmap.core.migrations import alembic, applied_revisions, upgrade
from roadmap.server import ports, processes, start
from tests.support.cast import CREATED_AT, Cast
from tests.support.catalog import SLUG, enroll
from tests.support.databases import make_app, ready_database
from tests.support.server import clean_environment, free_port


def test_secret_key_is_written_once_for_its_owner_only(tmp_path: Path) -> None:
    first = start.load_secret_key(tmp_path)
    assert len(first) >= 64
    assert start.load_secret_key(tmp_path) == first
    assert stat.S_IMODE((tmp_path / start.KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [start.KEY_FILE]


def test_concurrent_starts_share_one_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: start.load_secret_key(tmp_path), range(64)))
    assert len(keys) == 1


def test_port_in_use_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        with pytest.raises(ports.PortTaken) as rejected:
            ports.reserve_port("127.0.0.1", port)
    assert str(port) in str(rejected.value)
    assert "\n" not in str(rejected.value)
    with released(ports.reserve_port("127.0.0.1", port)):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="other systems only detect listening sockets")
def test_port_is_reserved_before_listening() -> None:
    port = free_port()
    with released(ports.reserve_port("127.0.0.1", port)):
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(ports.PortTaken):
                ports.reserve_port(host, port)
    with released(ports.reserve_port("127.0.0.1", port)):
        pass


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems only detect listening sockets")
def test_concurrent_starts_on_one_port_leave_one_server(tmp_path: Path) -> None:
    port = str(free_port())
    starts = [
        subprocess.Popen(
            [sys.executable, "-m", "roadmap.serve", "--port", port],
            cwd=start.config.ROOT,
            env=clean_environment(ROADMAP_DATA_DIR=str(tmp_path / name)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        for name in ("one", "two")
    ]
    try:
        with selectors.DefaultSelector() as ready:
            for process in starts:
                assert process.stdout is not None
                ready.register(process.stdout, selectors.EVENT_READ, process)
            # The rejected process prints first, because the other one prepares its database.
            [(key, _), *_] = ready.select(60)
        rejected = key.data
        output, _ = rejected.communicate(timeout=60)
        assert rejected.returncode == 1
        assert output.startswith(f"Port {port} on 127.0.0.1 cannot be used")
        assert len(output.splitlines()) == 1
        [serving] = [process for process in starts if process is not rejected]
        assert serving.stdout is not None
        assert serving.stdout.readline() == f"Cairn starts at http://127.0.0.1:{port}\n"
        # The port stays reserved after the start has executed the server.
        with pytest.raises(ports.PortTaken):
            ports.reserve_port("127.0.0.1", int(port))
    finally:
        for process in starts:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
            if process.stdout is not None:
                process.stdout.close()


def released(held: socket.socket | None) -> contextlib.AbstractContextManager[object]:
    return held or contextlib.nullcontext()


@pytest.mark.parametrize("text", ["", "0", "65536", "80a", "-1", "8000.0"])
def test_invalid_port_is_rejected(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        ports.port_number(text)


def test_port_option_overrides_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "9001")
    assert start.parse_arguments([]).port == 9001
    assert start.parse_arguments(["--port", "9002"]).port == 9002
    monkeypatch.setenv("HOST", "name-of-this-machine")
    assert start.parse_arguments([]).host == "127.0.0.1"


def test_demo_ignores_the_configured_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADMAP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ROADMAP_DATABASE_URL", "postgresql://db.example.org/production")
    monkeypatch.setenv("ROADMAP_SECRET_KEY", "k" * 32)
    folder = start.prepare_data_folder(demo=True)
    start.set_environment(folder, demo=True)
    settings = start.config.read_environment()
    assert settings["DATABASE_URL"] == f"sqlite:///{tmp_path / 'demo' / start.DEMO_DATABASE}"
    assert settings["DATA_DIR"] == str(tmp_path / "demo")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_startup_message_says_how_to_create_the_first_account() -> None:
    url, folder = "http://127.0.0.1:8000", Path("/srv/cairn")
    text = start.format_startup_message(url, folder, has_accounts=False, demo_accounts="")
    assert "http://127.0.0.1:8000/signup" in text
    assert "docs/operators.md" in text
    again = start.format_startup_message(url, folder, has_accounts=True, demo_accounts="")
    assert again == "Cairn starts at http://127.0.0.1:8000\nIts data is in /srv/cairn"
    closed = start.format_startup_message(
        url, folder, has_accounts=False, demo_accounts="", has_signup=False
    )
    assert "/signup" not in closed
    assert "user create EMAIL" in closed


def test_worker_does_not_load_migrations_or_commands(tmp_path: Path) -> None:
    """They take a sixth of a worker's memory, and the unused database dialect takes 5 MiB."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, roadmap.wsgi; print(*sys.modules)"],
        cwd=start.config.ROOT,
        env={**os.environ, "ROADMAP_SECRET_KEY": "k" * 32, "ROADMAP_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    unwanted = ("alembic", "yaml", "huey", "xlsxwriter", "zxcvbn_rs_py", "roadmap.cli",
                "roadmap.demo", "sqlalchemy.dialects.postgresql")  # fmt: skip
    assert not {*unwanted} & {*loaded}
    assert "roadmap.teams.routes" in loaded


def test_preload_opens_no_connection_and_needs_no_database(
    tmp_path: Path,
) -> None:
    script = (
        "import gc; from roadmap.processes import preload; preload(); from roadmap.wsgi import app;"
        "engine = app.extensions['sqlalchemy'].engines['default'];"
        "print(engine.pool.checkedin(), engine.pool.checkedout(), gc.get_freeze_count() > 100_000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=start.config.ROOT,
        env={**os.environ, "ROADMAP_SECRET_KEY": "k" * 32, "ROADMAP_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0 0 True\n"


def run_script(script: str, folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run a Python script with the settings of a server on this database."""
    settings = {
        "ROADMAP_SECRET_KEY": "k" * 32,
        "ROADMAP_DATA_DIR": str(folder),
        "ROADMAP_DATABASE_URL": url,
    }
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=start.config.ROOT, env={**os.environ, **settings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.sqlite
def test_preload_succeeds_when_database_lock_cannot_be_opened(tmp_path: Path) -> None:
    """For example when root owns it: the server starts and its pages report the error."""
    with ready_database(tmp_path) as url:
        (tmp_path / f"{Path(url).name}.lock").unlink(missing_ok=True)
        (tmp_path / f"{Path(url).name}.lock").mkdir()
        done = run_script("from roadmap.processes import preload; preload()", tmp_path, url)
    assert (done.returncode, done.stderr) == (0, "")


def test_preload_renders_the_pages_of_a_person(tmp_path: Path) -> None:
    """So that workers share what this loads. A page that fails is logged and prevents no start."""
    script = (
        "from roadmap.wsgi import app; import roadmap.skills.routes as routes;"
        "routes._overview = lambda: 1 / 0; from roadmap.processes import preload; preload();"
        "print(*sorted(name for _, name in app.jinja_env.cache.keys()))"
    )
    with ready_database(tmp_path) as url:
        app = make_app(url, tmp_path)
        with app.app_context():
            cast = Cast.create(db.session)
            enroll(db.session, cast.alice, CREATED_AT, SLUG)
            db.session.close()
            db.engine.dispose()
        done = run_script(script, tmp_path, url)
    assert done.returncode == 0
    assert {"evidence/index.html", "readiness/page.html"} <= {*done.stdout.split()}
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.sqlite
def test_start_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    """A restore may lock the database for minutes, and pages can still be read."""
    script = (
        "import time; from roadmap.processes import preload; begun = time.monotonic(); preload();"
        "from roadmap.server.start import is_database_ready; is_database_ready();"
        "from roadmap.catalog.queries import _by_revision;"
        "print(time.monotonic() - begun < 8, len(_by_revision) > 0)"
    )
    with ready_database(tmp_path) as url:
        path = sa.make_url(url).database or ""
        writer = sqlite3.connect(path)
        writer.execute("BEGIN IMMEDIATE")
        done = run_script(script, tmp_path, url)
        writer.close()
    assert (done.stdout, done.returncode) == ("True True\n", 0)


def test_ctrl_c_while_loading_ends_without_traceback() -> None:
    script = (
        "import os, signal; from roadmap.server.processes import main;"
        "main(lambda: os.kill(os.getpid(), signal.SIGINT))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--held", "0"],
        cwd=start.config.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_worker_that_another_thread_waited_for_is_not_alive() -> None:
    worker = granian.server.mp.WorkerProcess(None, 0, time.sleep, (60,))
    worker.inner.start()
    try:
        assert processes.is_worker_alive(worker)
        worker.inner.terminate()
        os.waitpid(worker.inner.pid, 0)
        assert worker.inner.is_alive()  # which is why granian's own method is replaced
        assert not processes.is_worker_alive(worker)
    finally:
        worker.inner.kill()


def test_restart_without_changes_does_not_create_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADMAP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ROADMAP_DATABASE_URL", f"sqlite:///{tmp_path / 'cairn.sqlite3'}")
    monkeypatch.setenv("ROADMAP_SECRET_KEY", "k" * 32)
    apps = []

    def make() -> Flask:
        apps.append(create_app())
        return apps[-1]

    assert not start.prepare_database(make)
    assert not start.prepare_database(
        make
    )  # without accounts, the startup message has instructions
    [first, app] = apps
    with app.app_context():
        Cast.create(db.session)
        db.session.commit()
        assert start.prepare_database(make)
        assert apps == [first, app]
        db.session.execute(sa.text("UPDATE roadmap_revision SET digest = 'of an older release'"))
        db.session.commit()
        assert start.prepare_database(make)
        assert len(apps) == 3
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = '1'"))
        db.session.commit()
        with pytest.raises(config.ConfigError):
            start.prepare_database(make)
        db.session.close()
        for each in apps:
            each.extensions["sqlalchemy"].engines["default"].dispose()


def test_upgrading_start_reports_changes_and_unreadable_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROADMAP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ROADMAP_DATABASE_URL", f"sqlite:///{tmp_path / 'cairn.sqlite3'}")
    monkeypatch.setenv("ROADMAP_SECRET_KEY", "k" * 32)
    app = create_app()
    start.prepare_database(lambda: app)
    assert capsys.readouterr().out == ""
    with app.app_context():
        [newest] = applied_revisions()
        alembic.downgrade("-1")
        [before] = applied_revisions()
        db.session.execute(sa.text("UPDATE roadmap_revision SET digest = 'of an older release'"))
        db.session.commit()
        db.session.close()
    start.prepare_database(lambda: app)
    migrated, *published = capsys.readouterr().out.splitlines()
    assert migrated == f"The database went from migration {before} to {newest}."
    assert "Revision 2 of senior-ml-engineer was published." in published
    assert len(published) == 3
    with app.app_context():
        revision = db.session.scalars(sa.select(RoadmapRevision).filter_by(number=2)).all()[0]
        revision.content = {**revision.content, "of_a_newer_release": True}
        revision.digest = "of a newer release"
        db.session.commit()
        db.session.close()
    with pytest.raises(config.ConfigError, match=r"cannot read revision 2 .* backup restore FILE"):
        start.prepare_database(lambda: app)
    with app.app_context():
        db.engine.dispose()


def test_start_warns_of_a_data_folder_that_others_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROADMAP_DATA_DIR", str(tmp_path))
    for mode, is_open in ((0o755, True), (0o750, False), (0o700, False)):
        tmp_path.chmod(mode)
        start.prepare_data_folder(demo=False)
        assert (f"chmod 700 {tmp_path}" in capsys.readouterr().err) == is_open


def test_unusable_data_folder_error_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "a file"
    taken.touch()
    for folder in (taken, taken / "below"):
        monkeypatch.setenv("ROADMAP_DATA_DIR", str(folder))
        with pytest.raises(config.ConfigError, match=f"^ROADMAP_DATA_DIR: the folder {folder} "):
            start.prepare_data_folder(demo=False)


def test_database_with_accounts_is_not_served_with_a_new_key(tmp_path: Path) -> None:
    """A new key would sign everyone out, and end public links and the keys of badges."""
    database = f"sqlite:///{tmp_path / 'cairn.sqlite3'}"
    app = create_app({"DATABASE_URL": database, "SECRET_KEY": "k" * 32})
    with app.app_context():
        upgrade()
        Cast.create(db.session)
        db.session.commit()
        db.session.close()
        db.engine.dispose()
    folder = tmp_path / "other"
    done = subprocess.run(
        [sys.executable, "-m", "roadmap.serve", "--port", str(free_port())],
        env=clean_environment(ROADMAP_DATABASE_URL=database, ROADMAP_DATA_DIR=str(folder)),
        cwd=config.ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"{folder / 'secret-key'} is missing.\nNothing was started" in done.stderr
    create = done.stderr.splitlines()[-1].replace("python3", sys.executable)
    subprocess.run(["/bin/sh", "-c", create], check=True)
    assert config.read_secret_key(folder)
    assert (folder / "secret-key").stat().st_mode & 0o077 == 0


def test_broken_database_error_names_the_file(tmp_path: Path) -> None:
    database = tmp_path / "cairn.sqlite3"
    database.write_text("not a database at all, " * 100)
    done = subprocess.run(
        [sys.executable, "-m", "roadmap.serve", "--port", str(free_port())],
        env=clean_environment(ROADMAP_DATA_DIR=str(tmp_path), ROADMAP_SECRET_KEY="k" * 32),
        cwd=config.ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (f"The database {database} cannot be used: file is not a database\n")


def test_missing_database_is_not_replaced_by_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADMAP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ROADMAP_SECRET_KEY", "")
    monkeypatch.delenv("ROADMAP_DATABASE_URL", raising=False)
    database = tmp_path / "cairn.sqlite3"
    apps = []

    def make() -> Flask:
        apps.append(create_app())
        return apps[-1]

    assert start.find_previous_start_file(tmp_path) is None
    start.set_environment(tmp_path, demo=False)
    assert start.find_previous_start_file(tmp_path) is None, "a failed first start leaves no trace"
    start.load_secret_key(tmp_path)
    trace = start.find_previous_start_file(tmp_path)
    with pytest.raises(start.StartError, match=f"secret-key is of an earlier.*{database} is miss"):
        start.prepare_database(make, trace)
    assert not database.exists()
    with apps[-1].app_context():
        upgrade()  # run by the operator for a new database
    assert not start.prepare_database(make, trace)
    for app in apps:
        app.extensions["sqlalchemy"].engines["default"].dispose()
