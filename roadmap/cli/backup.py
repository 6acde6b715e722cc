"""`flask backup …`: everything in one file, and back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Flask, current_app

from roadmap.backup import actions
from roadmap.backup.archive import Manifest, NotABackup
from roadmap.backup.loading import SchemaDiffers
from roadmap.cli.commands import Commands, now
from roadmap.core.database import db
from roadmap.people.models import User

group = Commands("backup", help="Backup and restore of everything.")
FILE = click.Path(dir_okay=False, path_type=Path)


@group.command("create")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replaces FILE where there is one.")
def create(file: Path, force: bool) -> None:
    """Writes everything in the database into FILE, while the server runs.

    The file holds personal records and the hashes of passwords: keep it where only you can read
    it, with a copy of the secret key. Sessions and mail on its way are not in it.
    """
    if not file.parent.is_dir():
        raise click.ClickException(f"the folder {file.parent} does not exist")
    with _refusals(file):
        try:
            manifest = actions.create(file, now=now(), replace_existing=force)
        except FileExistsError:
            raise click.ClickException(
                f"{file} exists; name another file, or replace it with --force"
            ) from None
    size = file.stat().st_size
    click.echo(f"{file}: {_told(manifest)}, {size / 1_000_000:.1f} MB")


@group.command("verify")
@click.argument("file", type=FILE)
def verify(file: Path) -> None:
    """Reads FILE to its end and tries a restore beside; changes nothing."""
    with _refusals(file):
        manifest = actions.verify(file)
    click.echo(f"{file} can be restored: {_told(manifest)}, made {_moment(manifest)}")


@group.command("restore")
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Does not ask.")
def restore(file: Path, yes: bool) -> None:
    """Replaces everything in the database by what FILE holds, once FILE was verified.

    It happens in one transaction, also while the server runs; afterwards everybody signs in anew.
    What stood there before is kept as a backup in the data folder.
    """
    with _refusals(file):
        anybody = db.session.scalar(sa.select(sa.exists().where(User.id.is_not(None))))
        db.session.rollback()
        if anybody and not yes and sys.stdin.isatty():
            click.confirm(f"Replace everything in this database by {file}?", abort=True, err=True)
        keep = None
        if anybody:
            stamp = now().strftime("%Y%m%d-%H%M%S-%f")
            keep = Path(current_app.config["DATA_DIR"]) / f"before-restore-{stamp}.zip"
        manifest = actions.restore(file, keep=keep, now=now())
    click.echo(f"{file} is restored: {_told(manifest)}, made {_moment(manifest)}")
    if keep is not None:
        click.echo(f"What stood there before is in {keep}")


def register(app: Flask) -> None:
    app.cli.add_command(group)


@contextlib.contextmanager
def _refusals(file: Path) -> Iterator[None]:
    try:
        yield
    except NotABackup as error:
        raise click.ClickException(f"{file} cannot be used: {error}") from None
    except SchemaDiffers as error:
        raise click.ClickException(str(error)) from None


def _told(manifest: Manifest) -> str:
    people = manifest.tables["user"].rows if "user" in manifest.tables else 0
    return f"{people} people, {manifest.rows} rows"


def _moment(manifest: Manifest) -> str:
    return f"{manifest.made_at:%Y-%m-%d %H:%M} UTC by Cairn {manifest.release}"
