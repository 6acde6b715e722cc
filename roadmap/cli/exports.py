"""`flask export …`: export all data of a person."""

from __future__ import annotations

import json
from pathlib import Path

import click

from roadmap.archive.export import write_archive_file
from roadmap.archive.format import json_schema
from roadmap.cli.command_groups import CommandGroup, require_new_file
from roadmap.cli.users import find_user
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.proxy import public_base_url
from roadmap.core.text import format_count
from roadmap.people.audit import record_audit

group = CommandGroup("export")


@group.command("user")
@click.argument("email")
@click.option(
    "--to",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The new file.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def export_user(email: str, file: Path, force: bool) -> None:
    """Export a person's records and files, without secrets, as a ZIP.

    It includes private notes that nobody else can see, so give it only to that person. The export
    is recorded in the audit log.
    """
    user = find_user(email)
    require_new_file(file, force=force)
    user_id, address, now = user.id, user.email, utc_now()
    db.session.rollback()
    rows = write_archive_file(file, user_id, instance=public_base_url(), now=now)
    with db.own_transaction() as own:
        record_audit(own, "archive.exported", user_id, by=None, now=now)
    size = file.stat().st_size / 1_000_000
    click.echo(f"{file}: {format_count(rows, 'record', 'records')} of {address}, {size:.1f} MB")


@group.command("schema")
def print_schema() -> None:
    """Print the JSON Schemas of the files in an archive, by path."""
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
