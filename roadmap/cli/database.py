"""`flask db …`: migrations with Flask-Alembic, protected as `SafeAlembic` says."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from typing import Any

import click
from alembic.util import CommandError
from flask import Flask

from roadmap.cli.command_groups import CommandGroup
from roadmap.core.config import ROOT
from roadmap.core.migrations import alembic


class MigrationGroup(CommandGroup):
    """Reports Alembic's errors in one line as well."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CommandError as error:
            raise click.ClickException(" ".join(str(error).split())) from None


group = MigrationGroup("db", help="Migrations of the database.")


@group.command("upgrade")
@click.argument("target", default="heads")
def upgrade(target: str) -> None:
    """Upgrade the schema to the newest migration, to TARGET, or by a number of migrations."""
    before = _applied_revisions()
    alembic.upgrade(_resolve_target(target, "+"))
    _print_change(before)


@group.command("downgrade")
@click.argument("target", default="-1")
def downgrade(target: str) -> None:
    """Downgrade by one migration, by a number of them, or to TARGET ("base": all)."""
    before = _applied_revisions()
    alembic.downgrade(_resolve_target(target, "-"))
    _print_change(before)


def _resolve_target(target: str, sign: str) -> str:
    """Return a target for Alembic: a number is so many migrations, unless it names one.

    The sign is not part of the number, because "-2" would be parsed as an option.
    """
    known = {script.revision for script in alembic.script_directory.walk_revisions()}
    is_number = target.isdecimal() and target not in known
    return f"{sign}{int(target)}" if is_number else target


@group.command("current")
def current() -> None:
    """Print the database's migration, and whether it is the newest."""
    applied = _applied_revisions()
    newest = {script.revision for script in alembic.heads()}
    note = "newest" if applied == newest else f"newest is {', '.join(sorted(newest)) or 'none'}"
    click.echo(f"{_format_revisions(applied)} ({note})")


@group.command("revision")
@click.argument("message")
@click.option("--empty", is_flag=True, help="Leave it empty instead of comparing the models.")
def revision(message: str, empty: bool) -> None:
    """Write a migration for the differences between models and database."""
    load_models()
    # The date comes first, so that the folder lists migrations in order.
    day = dt.datetime.now(dt.UTC).strftime("%Y_%m_%d")
    alembic.config.set_main_option("file_template", f"{day}_%%(slug)s")
    for script in alembic.revision(message, empty=empty):
        if script is not None:
            click.echo(script.path)


@group.command("check")
def check() -> None:
    """Compare the models with the database; exit with status 1 if they differ."""
    load_models()
    differences = alembic.compare_metadata()
    if differences:
        raise click.ClickException(
            f"models and database differ in {len(differences)} places; "
            f"the first: {_describe_difference(differences[0])}"
        )
    click.echo("Models and database agree.")


def load_models() -> None:
    """Import the models of every room, so that the comparison is complete."""
    for room in pkgutil.iter_modules([str(ROOT / "roadmap")], "roadmap."):
        if room.ispkg:
            names = [module.name for module in pkgutil.iter_modules(_package_path(room.name))]
            if "models" in names:
                importlib.import_module(f"{room.name}.models")


def register(app: Flask) -> None:
    # Replaces the group that Flask-Alembic registers.
    app.cli.add_command(group)


def _package_path(package: str) -> list[str]:
    return list(importlib.import_module(package).__path__)


def _describe_difference(difference: Any) -> str:
    """Describe a difference as Alembic reports it: a tuple, or a list of them."""
    first = difference[0] if isinstance(difference, list) else difference
    return " ".join(str(getattr(part, "name", part)) for part in first[:4])


def _applied_revisions() -> set[str]:
    return {script.revision for script in alembic.current()}


def _format_revisions(revisions: set[str]) -> str:
    return ", ".join(sorted(revisions)) or "nothing"


def _print_change(before: set[str]) -> None:
    after = _applied_revisions()
    if before == after:
        click.echo(f"Nothing to do: the database is at {_format_revisions(after)}.")
    else:
        click.echo(
            f"The database went from {_format_revisions(before)} to {_format_revisions(after)}."
        )
