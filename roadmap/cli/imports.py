"""`flask import …`: import a person's archive."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app

from roadmap.archive.reading import Archive, ArchiveRefused, read_archive
from roadmap.archive.restoring import HasRecords, make_plan, restore, store_files
from roadmap.auth import actions
from roadmap.auth.email_addresses import email_key, parse_email
from roadmap.cli.command_groups import CommandGroup, confirm
from roadmap.cli.users import find_user, password_link
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.text import clean_line, format_count
from roadmap.people.models import User

group = CommandGroup("import")


@group.command("user")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--into",
    metavar="EMAIL",
    help="An account without records. Default: a new account.",
)
@click.option(
    "--partly", is_flag=True, help="Import even if roadmaps, milestones or skills are missing here."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def import_user(file: Path, into: str | None, partly: bool, yes: bool) -> None:
    """Import a person's archive into an account.

    Without --into, creates an account with the name and address in the archive and prints a
    link to set a password. Reviews and assessments are imported as history and verify nothing.
    If roadmaps, milestones or skills are missing here, nothing is imported without --partly,
    which keeps such records for the person to view and export. Asks first if the archive has
    another address than --into.
    """
    now = utc_now()
    try:
        with file.open("rb") as source:
            quota = current_app.config["FILE_QUOTA_MB"] * 1_000_000
            archive = read_archive(source, quota=quota)
            if into and not yes:
                _confirm_other_account(archive, find_user(into, active_only=True))
            store_files(archive)
            user = find_user(into, active_only=True) if into else _create(archive)
            plan = make_plan(db.session, archive, user.id, now=now)
            if plan.left_out and not partly:
                raise click.ClickException(
                    f"{format_count(plan.left_out_count, 'record', 'records')} cannot be used "
                    f"here: {', '.join(plan.unknown)[:500]}. Add the roadmaps first, or import "
                    "the rest with --partly"
                )
            restore(db.session, user.id, archive, by=None, now=now)
    except ArchiveRefused as refused:
        raise click.ClickException(f"{file} cannot be imported: {refused}") from None
    except HasRecords:
        raise click.ClickException(
            f"{into} already has records: import into an empty account"
        ) from None
    token = (
        None
        if user.password_hash
        else actions.create_password_link(db.session, user.id, by=None, now=now)
    )
    db.session.commit()
    click.echo(user.id)
    click.echo(
        f"{format_count(plan.count, 'record', 'records')} imported for {user.email}", err=True
    )
    if kept := plan.left_out_count + sum(map(len, plan.history.values())):
        names = f" ({', '.join(plan.unknown)[:500]})" if plan.unknown else ""
        click.echo(f"Kept unchanged: {format_count(kept, 'record', 'records')}{names}", err=True)
    if left := archive.rows - plan.count - kept:
        click.echo(
            f"Not imported: {format_count(left, 'record', 'records')} of the other installation, "
            "such as memberships, tokens and links",
            err=True,
        )
    if token:
        click.echo(password_link(token))


def _confirm_other_account(archive: Archive, user: User) -> None:
    manifest, address = archive.manifest, user.email
    if email_key(manifest.email) == email_key(address):
        return
    db.session.rollback()
    question = (
        f"The archive belongs to {manifest.person} ({manifest.email}). Import it for {address}?"
    )
    confirm(question, otherwise="nothing was imported")


def _create(archive: Archive) -> User:
    manifest = archive.manifest
    try:
        email = parse_email(manifest.email)
    except ValueError as error:
        raise click.ClickException(
            f"the archive has no e-mail address that can be used ({error}): create an account, and "
            "name it with --into"
        ) from None
    if actions.is_first_account(db.session):
        raise click.ClickException("create the account of an administrator first: `user create`")
    try:
        return actions.create_user(
            db.session, name=clean_line(manifest.person) or email, email=email, by=None,
            now=utc_now(),
        )  # fmt: skip
    except actions.EmailTaken:
        raise click.ClickException(
            f"there is already an account for {email}; name it with --into if it has no records"
        ) from None
