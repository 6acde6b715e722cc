"""`flask db …`: migrations, see `SafeAlembic`."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from roadmap.cli.command_groups import CommandGroup, confirm
from roadmap.core.database import db
from roadmap.core.migrations import alembic, applied_revisions
from roadmap.core.migrations import upgrade as run_upgrade
from roadmap.core.text import format_count

group = CommandGroup("db", any_schema=True)


@group.command("upgrade")
@click.argument("target", default="heads")
def upgrade(target: str) -> None:
    """Migrate to the newest schema, or to TARGET.

    TARGET is a migration, or how many to apply. Creates the database if there is none.
    """
    db.create_file()
    before = applied_revisions()
    run_upgrade(_resolve_target(target, "+"))
    _print_change(before)


@group.command("downgrade")
@click.argument("target", default="1")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def downgrade(target: str, yes: bool) -> None:
    """Revert one migration, or those after TARGET.

    TARGET is the migration to go back to, how many to revert, or "base" for all. Deletes data that
    only the reverted migrations hold. Asks first if there are accounts.
    """
    before = applied_revisions()
    resolved = _resolve_target(target, "-")
    if before and not yes and _has_accounts():
        confirm(
            f"Downgrade from {_format_revisions(before)}, and delete what only the newer tables "
            "and columns hold?"
        )
    alembic.downgrade(resolved)
    _print_change(before)


@group.command("current")
def current() -> None:
    """Print the current migration and whether it is the newest."""
    applied = applied_revisions()
    newest = {script.revision for script in alembic.heads()}
    note = "newest" if applied == newest else f"newest is {', '.join(sorted(newest)) or 'none'}"
    click.echo(f"{_format_revisions(applied)} ({note})")


@group.command("revision")
@click.argument("message")
@click.option("--empty", is_flag=True, help="Write an empty migration.")
def revision(message: str, empty: bool) -> None:
    """Write a new migration, for contributors.

    It contains the differences between models and database.
    """
    applied_revisions()  # Raises an error for the database of a newer release.
    for script in alembic.revision(message, empty=empty):
        if script is not None:
            click.echo(script.path)


@group.command("check")
def check() -> None:
    """Compare the models with the database. If they differ, the exit status is 1."""
    applied_revisions()  # Raises an error for the database of a newer release.
    differences = alembic.compare_metadata()
    if differences:
        raise click.ClickException(
            f"models and database differ in {format_count(len(differences), 'place', 'places')}; "
            f"the first: {_describe_difference(differences[0])}"
        )
    click.echo("Models and database agree.")


def _resolve_target(target: str, sign: str) -> str:
    """Return a target for Alembic. A number that is not a revision is a number of migrations.

    Users type the number without a sign, because "-2" would be parsed as an option.
    """
    scripts = alembic.script_directory
    known = {script.revision for script in scripts.walk_revisions()}
    current = tuple(applied_revisions())
    below = scripts.iterate_revisions(current, "base") if current else ()
    applied = {script.revision for script in below}
    if sign == "-" and target in known - applied:
        raise click.ClickException(
            f"{target} is newer than the database, which is at {_format_revisions(set(current))}"
        )
    if target in known or target == ("base" if sign == "-" else "heads"):
        return target
    if not (target.isascii() and target.isdecimal()):
        raise click.ClickException(
            f"{target!r} is neither a migration nor a number of them; `db current` says where the "
            "database is, and the folder migrations has them all"
        )
    most = len(applied) if sign == "-" else len(known) - len(applied)
    if int(target) > most:
        verb = "is" if most == 1 else "are"
        left = format_count(most, "migration", "migrations")
        to_do = "to undo" if sign == "-" else "to run"
        raise click.ClickException(
            f"{target} is no migration, and there {verb} only {left} {to_do}"
        )
    return f"{sign}{int(target)}"


def _has_accounts() -> bool:
    """Return whether the database has accounts. Works with the schema of any release."""
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("user"):
            return False
        return bool(connection.scalar(sa.text('SELECT EXISTS (SELECT 1 FROM "user")')))


def _describe_difference(difference: Any) -> str:
    """Describe a difference that Alembic reports as a tuple or a list of tuples."""
    first = difference[0] if isinstance(difference, list) else difference
    return " ".join(str(getattr(part, "name", part)) for part in first[:4])


def _format_revisions(revisions: set[str]) -> str:
    return ", ".join(sorted(revisions)) or "nothing"


def _print_change(before: set[str]) -> None:
    old, new = _format_revisions(before), _format_revisions(applied_revisions())
    if old == new:
        click.echo(f"Nothing to do: the database is at {new}.")
    else:
        click.echo(f"The database went from {old} to {new}.")
