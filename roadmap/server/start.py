"""Prepare data folder, secret key and database, then become the production server.

    python -m roadmap.serve [--host ADDRESS] [--port PORT] [--demo]

`make run` and `make demo` start this. The process replaces itself with the server (exec), so that
the preparation uses no memory afterwards and signals reach the server directly.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from roadmap.core import config
from roadmap.core.config import ADDRESS_FILE, KEY_FILE, ConfigError, ensure_data_folder
from roadmap.server import ports

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

DEMO_DATABASE = "demo.sqlite3"
DEMO_ACCOUNTS = "accounts.txt"


LOST_KEY = (
    "The database has accounts, but there is no secret key: ROADMAP_SECRET_KEY is not set, and "
    "{path} is missing.\nNothing was started: a new key signs everyone out, ends public links and "
    "cannot sign badges.\nPut the file back, copy it from another server of this database, or set "
    "ROADMAP_SECRET_KEY.\nIf the key is lost, create a new one, and start again:\n"
    "  (umask 077; python3 -c 'import secrets; print(secrets.token_urlsafe(48))' > {path})"
)
LOST_DATABASE = (
    "Cairn has run with this data folder before ({trace} is of an earlier start), but {database} "
    "is missing or empty.\nNothing was started: the first to sign up would own an empty Cairn.\n"
    "Put the database back (is its disk mounted?), or restore a backup:\n"
    "  .venv/bin/flask --app roadmap db upgrade\n"
    "  .venv/bin/flask --app roadmap backup restore FILE\n"
    "If a new, empty Cairn is meant, run only the first of these. Then start again."
)


class StartError(RuntimeError):
    """Cairn cannot start. The message is for the operator."""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line. The variable HOST is ignored, because some shells set it."""
    parser = ports.ArgumentParser(prog="python -m roadmap.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=ports.port_number, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--demo", action="store_true", help="a demo team on its own database")
    return parser.parse_args(arguments)


def prepare_data_folder(demo: bool) -> Path:
    """Create the data folder, accessible to its owner only. Raises ConfigError.

    Keeps the mode of an existing folder, which may serve a scanner or a backup, and warns of it.
    """
    folder = config.resolve_data_folder(config.read_environment().get("DATA_DIR"))
    folder = ensure_data_folder(folder / "demo" if demo else folder)
    if folder.stat().st_mode & 0o007:
        text = f"Other users can list the data folder. To prevent this: chmod 700 {folder}"
        print(text, file=sys.stderr)
    return folder


def load_secret_key(folder: Path) -> str:
    """Return the secret key, creating it atomically with mode 600 if it is missing."""
    path = folder / KEY_FILE
    if not path.exists():
        with tempfile.NamedTemporaryFile(
            "w", prefix=f".{KEY_FILE}-", dir=folder
        ) as draft:  # mode 600
            draft.write(secrets.token_urlsafe(48) + "\n")
            draft.flush()
            os.fsync(draft.fileno())
            with contextlib.suppress(FileExistsError):  # created by a concurrent start
                os.link(draft.name, path)
    return config.read_secret_key(folder)


def set_environment(folder: Path, demo: bool) -> None:
    """Set the environment variables that the server inherits."""
    os.environ["ROADMAP_DATA_DIR"] = str(folder)
    if demo:
        # Demo data must never reach the database configured in `.env`.
        os.environ["ROADMAP_DATABASE_URL"] = f"sqlite:///{folder / DEMO_DATABASE}"
    if not os.environ.get("ROADMAP_SECRET_KEY"):
        # `config.build_config` reports an invalid key together with all other errors.
        with contextlib.suppress(ConfigError):
            # A new key is stored only after the database is set up, because a key without a
            # database indicates a lost database.
            key = config.read_secret_key(folder) or secrets.token_urlsafe(48)
            os.environ["ROADMAP_SECRET_KEY"] = key


def find_previous_start_file(folder: Path) -> Path | None:
    """Return a file in the data folder that only exists after an earlier start."""
    traces = (folder / name for name in (KEY_FILE, ADDRESS_FILE))
    return next((path for path in traces if path.exists()), None)


def prepare_database(create_app: Callable[[], Flask], trace: Path | None = None) -> bool:
    """Update schema and shipped content. Returns whether any account exists.

    Raises StartError if the database is missing although `trace` shows that there was one.
    """
    if is_database_ready():
        return True
    # Imported late, because these modules read the settings that were just set.
    from roadmap.catalog.actions import publish_shipped
    from roadmap.core.database import db
    from roadmap.core.migrations import applied_revisions, upgrade

    app = create_app()
    with app.app_context():
        before = applied_revisions() if db.has_file() else set()
        if trace and not before:
            raise StartError(LOST_DATABASE.format(trace=trace, database=describe_database()))
        upgrade()
        changes = publish_shipped(db.session, now=dt.datetime.now(dt.UTC))
        db.session.commit()
        after = applied_revisions()
        if before and before != after:
            old, new = (", ".join(sorted(each)) for each in (before, after))
            print(f"The database went from migration {old} to {new}.", flush=True)
        for change in changes:
            if not (change.is_new or change.is_empty):
                print(f"Revision {change.number} of {change.slug} was published.", flush=True)
        return _has_accounts(db.session)


def describe_database() -> str:
    """Describe the database for messages, without its password."""
    url = sa.make_url(config.build_config()["DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        setting = (
            " of ROADMAP_DATABASE_URL" if config.read_environment().get("DATABASE_URL") else ""
        )
        return f"the database {config.ROOT / (url.database or '')}{setting}"
    return "the database of ROADMAP_DATABASE_URL"


def is_database_ready() -> bool:
    """Return whether the database has accounts and needs neither migrations nor content.

    Avoids loading the whole application, which would take half of the time of a restart.
    """
    from flask import Flask

    from roadmap.catalog.actions import publish_shipped
    from roadmap.core.database import Schema, compare_schema, db, init_database

    app = Flask("start")
    app.config.from_mapping(config.build_config())
    init_database(app)
    with app.app_context():
        try:
            if compare_schema() is not Schema.CURRENT:
                return False
            # A read transaction, so that a restart does not wait for a writer such as a restore.
            db.session.connection(execution_options={"writes": False})
            changes = publish_shipped(db.session, now=dt.datetime.now(dt.UTC), dry_run=True)
            return _has_accounts(db.session) and all(change.is_empty for change in changes)
        except sa.exc.DBAPIError:
            return False  # Missing, or broken in a way that the application will report.
        finally:
            db.session.close()
            db.engine.dispose()


def _has_accounts(session: Session) -> bool:
    # Import only the models, to keep restarts fast.
    from roadmap.people.models import User

    return bool(session.scalar(sa.select(sa.exists().where(User.id.is_not(None)))))


def load_demo(folder: Path) -> str:
    """Fill an empty demo database. Stores and returns the list of accounts. Raises StartError."""
    accounts = folder / DEMO_ACCOUNTS
    loading = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "roadmap", "demo", "load"],
        stdout=subprocess.PIPE, text=True, check=False, cwd=config.ROOT,
    )  # fmt: skip
    if loading.returncode:
        raise StartError(
            f"The demo data could not be loaded. To start again from nothing, delete {folder}"
        )
    accounts.touch(mode=0o600)
    accounts.write_text(loading.stdout, encoding="utf-8")
    return loading.stdout


def format_startup_message(
    url: str, folder: Path, has_accounts: bool, demo_accounts: str, *, has_signup: bool = True
) -> str:
    """Return the message for the operator before the server starts."""
    name = "Cairn (demo)" if demo_accounts else "Cairn"
    text = f"{name} starts at {url}\nIts data is in {folder}"
    if demo_accounts:
        return f"{demo_accounts.rstrip()}\n\n{text}"
    if has_accounts:
        return text
    how = f"open {url}/signup to create it."
    if not has_signup:
        how = "create it by: .venv/bin/flask --app roadmap user create EMAIL --name NAME"
    return (
        f"{text}\nThe first account becomes the administrator: {how}\n"
        'Then follow "Before you invite people" in docs/operators.md.'
    )


def server_command(host: str, port: int, *, jobs: bool = False) -> list[str]:
    """Return the command line of the production server."""
    words = ["--host", host, "--port", str(port), *(["--jobs"] if jobs else [])]
    return [sys.executable, "-m", "roadmap.processes", *words]


def serve(options: argparse.Namespace, create_app: Callable[[], Flask]) -> None:
    """Prepare everything and exec the server. Raises StartError, ConfigError and PortTaken."""
    os.umask(0o077)  # instance files are private to their owner
    held = ports.reserve_port(options.host, options.port)
    folder = prepare_data_folder(options.demo)
    has_key = bool(os.environ.get("ROADMAP_SECRET_KEY")) or (folder / KEY_FILE).exists()
    trace = None if options.demo else find_previous_start_file(folder)
    set_environment(folder, options.demo)
    try:
        has_accounts = prepare_database(create_app, trace)
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        if "locked" in reason:
            reason += ". Another process holds it: end that one, and start again"
        text = f"{describe_database()} cannot be used: {reason}"
        raise StartError(text[0].upper() + text[1:]) from None
    if not has_key:
        if has_accounts and not options.demo:
            raise StartError(LOST_KEY.format(path=folder / KEY_FILE))
        os.environ["ROADMAP_SECRET_KEY"] = load_secret_key(folder)
    demo_accounts, accounts_file = "", folder / DEMO_ACCOUNTS
    if options.demo:
        is_loaded = has_accounts and accounts_file.exists()
        demo_accounts = accounts_file.read_text("utf-8") if is_loaded else load_demo(folder)
    address = config.store_base_url(options.host, options.port)
    url = config.read_environment().get("BASE_URL", address).rstrip("/")
    has_signup = config.read_environment().get("SIGNUP", "open") == "open"
    print(
        format_startup_message(url, folder, has_accounts, demo_accounts, has_signup=has_signup),
        flush=True,
    )
    os.chdir(config.ROOT)
    command = server_command(options.host, options.port, jobs=True)
    if held is not None:
        # Keep the port reserved across exec.
        held.set_inheritable(True)
        command += ["--held", str(held.detach())]
    os.execv(command[0], command)  # noqa: S606  (no shell is meant)


def main(create_app: Callable[[], Flask]) -> None:
    """Run the server, or print in one line why it cannot start, with exit status 1."""
    try:
        serve(parse_arguments(), create_app)
    except (StartError, ConfigError, ports.PortTaken) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.strerror or error}: {error.filename}")
