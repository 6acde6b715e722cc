"""What `make run` and `make demo` start: everything made ready, then the production server.

    python -m roadmap.server.start [--host ADDRESS] [--port PORT] [--demo]

The preparation happens in this process, which then becomes the server, so that nothing that was
only needed for it stays in memory and signals reach the server directly. The server keeps the job
process, see `roadmap.server.processes`.
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
from pathlib import Path

import sqlalchemy as sa

from roadmap.core import config
from roadmap.core.config import ConfigError
from roadmap.core.private_files import ensure_private_folder
from roadmap.server import ports

KEY_FILE = "secret-key"
DEMO_DATABASE = "demo.sqlite3"
DEMO_ACCOUNTS = "accounts.txt"


class StartError(RuntimeError):
    """Something stands in the way; the message is one line for the operator."""


def port_number(text: str) -> int:
    """A port from its text. Raises ArgumentTypeError outside of 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port between 1 and 65535")
    return int(text)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options; `PORT` of the environment is the default of `--port`."""
    parser = argparse.ArgumentParser(prog="python -m roadmap.server.start", description=__doc__)
    # Not from HOST of the environment: some shells put the machine's own name there.
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=port_number, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--demo", action="store_true", help="a demo team on its own database")
    return parser.parse_args(arguments)


def prepare_data_folder(demo: bool) -> Path:
    """The folder for data of this start, made for its owner only."""
    settings = config.read_environment()
    folder = config.resolve_data_folder(settings.get("DATA_DIR"))
    if demo:
        folder /= "demo"
    return ensure_private_folder(folder)


def load_secret_key(folder: Path) -> str:
    """The instance's secret key, written on the first start with mode 600.

    The file appears complete or not at all, and of two starts at once both use the same key.
    """
    path = folder / KEY_FILE
    if not path.exists():
        descriptor, name = tempfile.mkstemp(prefix=f".{KEY_FILE}-", dir=folder)  # mode 600
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another start was quicker: its key counts
                os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def set_environment(folder: Path, demo: bool) -> None:
    """Settles the settings that the server inherits from this process."""
    os.environ["ROADMAP_DATA_DIR"] = str(folder)
    if demo:
        # Demo data must never reach the database that a `.env` names.
        os.environ["ROADMAP_DATABASE_URL"] = f"sqlite:///{folder / DEMO_DATABASE}"
    if not os.environ.get("ROADMAP_SECRET_KEY"):
        os.environ["ROADMAP_SECRET_KEY"] = load_secret_key(folder)


def prepare_database() -> bool:
    """Brings schema and shipped content up to date; says whether anybody has an account yet."""
    from roadmap import create_app
    from roadmap.catalog.actions import publish_shipped
    from roadmap.core.database import db, upgrade
    from roadmap.people.models import User

    app = create_app()
    with app.app_context():
        upgrade()
        publish_shipped(db.session, now=dt.datetime.now(dt.UTC))
        db.session.commit()
        return db.session.scalar(sa.select(sa.exists().where(User.id.is_not(None)))) or False


def load_demo(folder: Path) -> str:
    """Fills an empty demo database; returns the text that lists the accounts and passwords.

    The text is accounts_file beside the database, for later starts to show. Raises CannotServe.
    """
    accounts = folder / DEMO_ACCOUNTS
    loading = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "roadmap", "demo", "load"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=config.ROOT,
    )
    if loading.returncode:
        raise StartError(f"The demo data could not be loaded. To start anew, delete {folder}")
    accounts.touch(mode=0o600)
    accounts.write_text(loading.stdout, encoding="utf-8")
    return loading.stdout


def format_startup_message(url: str, anybody: bool, demo_accounts: str) -> str:
    """What the operator reads before the server starts."""
    if demo_accounts:
        return f"{demo_accounts.rstrip()}\n\nCairn (demo) starts at {url}"
    if anybody:
        return f"Cairn starts at {url}"
    return (
        f"Cairn starts at {url}\n"
        f"The first account becomes the administrator: open {url}/signup to create it."
    )


def server_command(host: str, port: int, *, jobs: bool = False) -> list[str]:
    """The command line of the production server, with or without the job process beside it."""
    words = ["--host", host, "--port", str(port), *(["--jobs"] if jobs else [])]
    return [sys.executable, "-m", "roadmap.server.processes", *words]


def serve(options: argparse.Namespace) -> None:
    """Prepares everything and becomes the server. Raises CannotServe and ConfigError."""
    # What this start and the server write is nobody else's business.
    os.umask(0o077)
    held = ports.reserve_port(options.host, options.port)
    folder = prepare_data_folder(options.demo)
    set_environment(folder, options.demo)
    try:
        anybody = prepare_database()
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise StartError(f"The database cannot be used: {reason}") from None
    demo_accounts = ""
    if options.demo:
        accounts_file = folder / DEMO_ACCOUNTS
        demo_accounts = (
            accounts_file.read_text("utf-8")
            if anybody and accounts_file.exists()
            else load_demo(folder)
        )
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(
        format_startup_message(f"http://{host}:{options.port}", anybody, demo_accounts), flush=True
    )
    os.chdir(config.ROOT)
    command = server_command(options.host, options.port, jobs=True)
    if held is not None:
        # The port stays spoken for: the server is this very process.
        held.set_inheritable(True)
        command += ["--held", str(held.detach())]
    os.execv(command[0], command)  # noqa: S606  (no shell is meant)


def main() -> None:
    """Runs the server; what stands in the way is told in one line, with exit status 1."""
    try:
        serve(parse_arguments())
    except (StartError, ConfigError, ports.PortTaken) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.strerror or error}: {error.filename}")


if __name__ == "__main__":
    main()
