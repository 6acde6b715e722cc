"""`flask backup …`: back up the database to one file, and restore it."""

from __future__ import annotations

import contextlib
import sys
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
from roadmap.core.text import count_of

group = CommandGroup("backup")
FILE_PATH = click.Path(dir_okay=False, path_type=Path)
SAY = partial(click.echo, err=True)
TRUST = click.option(
    "--trust",
    is_flag=True,
    help="Accept FILE although it is not signed with the secret key of this installation.",
)


@group.command("create")
@click.argument("file", type=FILE_PATH)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def create(file: Path, force: bool) -> None:
    """Write everything in the database, and the files of evidence, into FILE, while Cairn runs.

    The file holds personal records and password hashes: keep it where only you can read it,
    with a copy of the secret key, which signs it. Sessions and unsent mail are not in it.
    """
    require_new_file(file, force=force)
    manifest = actions.create(file, now=utc_now())
    megabytes = file.stat().st_size / 1_000_000
    click.echo(f"{file}: {_describe_contents(manifest)}, {megabytes:.1f} MB")
    for name in manifest.missing_files:
        SAY(f"Not in it: the file {name}, which is missing or damaged in the data folder")


@group.command("verify", any_schema=True)
@click.argument("file", type=FILE_PATH)
@TRUST
def verify(file: Path, trust: bool) -> None:
    """Read FILE completely and try a restore into a temporary database; change nothing."""
    with _report_errors(file):
        manifest = actions.verify(file, trust=trust, say=SAY)
    click.echo(f"{file} can be restored: {_describe(manifest)}")


@group.command("restore")
@click.argument("file", type=FILE_PATH)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@TRUST
def restore(file: Path, yes: bool, trust: bool) -> None:
    """Replace everything in the database with the contents of FILE, after verifying it.

    It happens in one transaction, also while the server runs, which answers that a restore is
    under way until it is done; afterwards everybody has to sign in again. The audit log goes back
    with everything else. What was in the database before is kept as a backup in the data folder.
    """
    with _report_errors(file):
        read_contents(file, trust=trust)  # Before anything is asked.
        anybody = any_user_exists(db.session)
        db.session.rollback()
        if anybody and not yes:
            if not sys.stdin.isatty():
                raise click.ClickException(
                    "this replaces everything in the database; without a terminal that needs --yes"
                )
            confirm(f"Replace everything in this database by {file}?")
        keep = None
        if anybody:
            stamp = utc_now().strftime("%Y%m%d-%H%M%S-%f")
            keep = Path(current_app.config["DATA_DIR"]) / f"before-restore-{stamp}.zip"
        manifest, erased = actions.restore(file, keep=keep, now=utc_now(), trust=trust, say=SAY)
    again = ""
    if erased:
        again = f"; {count_of(erased, 'person was', 'people were')} erased again"
    click.echo(f"{file} is restored: {_describe(manifest)}{again}")
    with db.own_transaction() as own:
        locked = keys.are_undecryptable(own)
    if locked:
        click.echo(
            "The keys that sign badges were encrypted with another secret key: make new ones by "
            "`flask --app roadmap badges rotate-keys`"
        )
    if keep is not None:
        click.echo("The audit log went back, too: it lacks what came after the backup was made.")
        click.echo(f"What stood there before, with its audit log, is in {keep}")


@contextlib.contextmanager
def _report_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except InvalidBackup as error:
        trust = ". If you know who made it, add --trust" if isinstance(error, ForeignBackup) else ""
        raise click.ClickException(f"{file} cannot be used: {error}{trust}") from None


def _describe_contents(manifest: Manifest) -> str:
    people = manifest.tables["user"].rows if "user" in manifest.tables else 0
    counts = [count_of(people, "person", "people"), count_of(manifest.rows, "row", "rows")]
    if manifest.files:
        counts.append(count_of(len(manifest.files), "file", "files"))
    return ", ".join(counts)


def _describe(manifest: Manifest) -> str:
    made = f"{manifest.made_at:%Y-%m-%d %H:%M} UTC by Cairn {manifest.release}"
    return f"{_describe_contents(manifest)}, made {made}"
