"""`flask backup …`: back up and restore database and files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
from flask import current_app

from roadmap.auth.queries import any_user_exists
from roadmap.backup import actions
from roadmap.backup.archive import ForeignBackup, InvalidBackup, Manifest
from roadmap.backup.restore import read_contents
from roadmap.badges import keys
from roadmap.cli.command_groups import CommandGroup, confirm, require_new_file
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.text import format_count
from roadmap.erasure import ledger

group = CommandGroup("backup")
FILE_PATH = click.Path(dir_okay=False, path_type=Path)
print_error = partial(click.echo, err=True)
TRUST = click.option(
    "--trust",
    is_flag=True,
    help="Accept FILE even if it is not signed with the secret key of this installation.",
)


@group.command("create")
@click.argument("file", type=FILE_PATH)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def create(file: Path, force: bool) -> None:
    """Back up the database and attached files to FILE.

    Cairn can keep running. The file contains personal records and password hashes. Keep it
    where only you can read it, and a copy of the secret key, which signs it, elsewhere.
    Sessions and unsent mail are left out.
    """
    require_new_file(file, force=force)
    manifest = actions.create(file, now=utc_now(), report=print_error)
    megabytes = file.stat().st_size / 1_000_000
    click.echo(f"{file}: {_describe_contents(manifest)}, {megabytes:.1f} MB")
    for name in manifest.missing_files:
        print_error(
            f"Not included: the file {name}, which is missing or damaged in the data folder"
        )


@group.command("verify", any_schema=True)
@click.argument("file", type=FILE_PATH)
@TRUST
def verify(file: Path, trust: bool) -> None:
    """Check FILE by restoring it into a temporary database.

    Changes nothing.
    """
    with _report_errors(file):
        manifest = actions.verify(file, trust=trust, report=print_error)
    click.echo(f"{file} can be restored: {_describe(manifest)}")


@group.command("restore")
@click.argument("file", type=FILE_PATH)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@TRUST
def restore(file: Path, yes: bool, trust: bool) -> None:
    """Replace everything in the database with FILE, after verifying it.

    Either everything is replaced or nothing. The server can keep running, and shows a maintenance
    page meanwhile. Afterwards everyone signs in again. The audit log is replaced too. The previous
    contents are kept as a backup in the data folder. Asks first if there are accounts.
    """
    with _report_errors(file):
        read_contents(file, trust=trust)  # Check this before asking for confirmation.
        has_accounts = any_user_exists(db.session)
        db.session.rollback()
        if has_accounts and not yes:
            confirm(f"Replace everything in this database with {file}?")
        safety_backup = None
        if has_accounts:
            stamp = utc_now().strftime("%Y%m%d-%H%M%S-%f")
            safety_backup = Path(current_app.config["DATA_DIR"]) / f"before-restore-{stamp}.zip"
        manifest, erased = actions.restore(
            file, safety_backup=safety_backup, now=utc_now(), trust=trust, report=print_error
        )
    again = ""
    if erased:
        again = f"; {format_count(erased, 'person was', 'people were')} erased again"
    click.echo(f"{file} is restored: {_describe(manifest)}{again}")
    if not ledger.exists(Path(current_app.config["DATA_DIR"])):
        click.echo(
            f"The data folder has no {ledger.FILE_NAME}: anyone erased since this backup was made "
            "is back. If the old machine has this file, copy it and restore again."
        )
    with db.own_transaction() as own:
        locked = keys.has_undecryptable_keys(own)
    if locked:
        click.echo(
            "The keys that sign badges were encrypted with another secret key: create new keys "
            "with `.venv/bin/flask --app roadmap badges rotate-keys`"
        )
    if safety_backup is not None:
        click.echo("The audit log was restored too and lacks entries made after the backup.")
        click.echo(f"The previous contents, with their audit log, are in {safety_backup}")


@contextlib.contextmanager
def _report_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except InvalidBackup as error:
        trust = ". If you know who made it, add --trust" if isinstance(error, ForeignBackup) else ""
        raise click.ClickException(f"{file} cannot be used: {error}{trust}") from None


def _describe_contents(manifest: Manifest) -> str:
    people = manifest.tables["user"].rows if "user" in manifest.tables else 0
    counts = [format_count(people, "person", "people"), format_count(manifest.rows, "row", "rows")]
    if manifest.files:
        counts.append(format_count(len(manifest.files), "file", "files"))
    return ", ".join(counts)


def _describe(manifest: Manifest) -> str:
    made = f"{manifest.made_at:%Y-%m-%d %H:%M} UTC by Cairn {manifest.release}"
    return f"{_describe_contents(manifest)}, made {made}"
