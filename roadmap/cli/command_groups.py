"""Command groups that report any error in one line on standard error, with exit status 1.

Help is shown without loading the application, so nothing here imports more than Flask at first.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo

if TYPE_CHECKING:
    import sqlalchemy as sa

# PostgreSQL's codes for a missing table or column.
MISSING_SCHEMA_CODES = ("42P01", "42703")
# Each group: its module in this room, and what its help says.
GROUPS = {
    "backup": ("backup", "Backup and restore of everything."),
    "catalog": ("catalog", "Roadmaps and their files."),
    "db": ("database", "Migrations of the database."),
    "demo": ("demo", "A believable team to look at."),
    "jobs": ("jobs", "Background work: mail, figures, clearing out."),
    "readiness": ("readiness", "The kept summaries of readiness."),
    "team": ("teams", "Teams, and who is in them."),
    "token": ("tokens", "Personal tokens of the API."),
    "user": ("users", "Accounts."),
}


def needs_no_installation() -> bool:
    """Return whether `flask` runs for help or `catalog validate`, which need no settings."""
    if click.get_current_context(silent=True) is None:
        return False
    words = [word for word in sys.argv[1:] if not word.startswith("-") and word != "roadmap"]
    return not words or "--help" in sys.argv or words[:2] == ["catalog", "validate"]


def add_commands(app: Flask) -> None:
    """Register our commands, and show no others in the help."""
    app.cli = RootGroup(app.name)
    for name, (module, text) in GROUPS.items():
        app.cli.add_command(LazyGroup(name, module, help=text))
    if context := click.get_current_context(silent=True):
        foreign = getattr(context.find_root().command, "commands", {})
        for command in foreign.values():
            command.hidden = True


class RootGroup(AppGroup):
    """The root of all commands, which reports an unknown one in one line, too."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and not ctx.resilient_parsing:
            raise click.ClickException(
                f"there is no command {cmd_name!r}; `flask --app roadmap --help` lists them"
            )
        return found


class CommandGroup(AppGroup):
    """A group whose errors are one line and exit status 1."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            click.echo(ctx.get_help())
            ctx.exit(0)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        import sqlalchemy as sa
        from alembic.util import CommandError

        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise click.ClickException(_join_lines(error.format_message())) from None
        except CommandError as error:
            raise click.ClickException(_join_lines(str(error))) from None
        except sa.exc.DBAPIError as error:
            raise click.ClickException(_describe_database_error(error, ctx)) from None
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise click.ClickException(f"{error.strerror or error}{where}") from None


class LazyGroup(CommandGroup):
    """A group whose module is imported when one of its commands is asked for."""

    def __init__(self, name: str, module: str, *, help: str) -> None:  # noqa: A002 - click's name
        super().__init__(name, help=help)
        self._module = module

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        group: CommandGroup = import_module(f"roadmap.cli.{self._module}").group
        return group.commands

    @commands.setter
    def commands(self, value: MutableMapping[str, click.Command]) -> None:
        """Ignore the empty ones that Click sets at first."""


def _describe_database_error(error: sa.exc.DBAPIError, ctx: click.Context) -> str:
    reason = _join_lines(str(error.orig))
    if not (
        getattr(error.orig, "sqlstate", None) in MISSING_SCHEMA_CODES
        or reason.startswith(("no such table", "no such column"))
        or "has no column" in reason
    ):
        # Not those of a statement. SQLite has the general one for a file that is no database.
        if type(error).__name__ in ("OperationalError", "DatabaseError"):
            return (
                f"the database {_describe_database(ctx)} cannot be used: {reason}; "
                "ROADMAP_DATABASE_URL names it, or else ROADMAP_DATA_DIR"
            )
        return f"the database refused: {reason}"
    return (
        f"the database {_describe_database(ctx)} is empty or has an older schema ({reason}): "
        "run `flask --app roadmap db upgrade` first"
    )


def _describe_database(ctx: click.Context) -> str:
    """Return the database's file, or its address without the password."""
    # The application's context may have ended with the command.
    app: Flask = ctx.ensure_object(ScriptInfo).load_app()
    url: sa.URL = app.extensions["sqlalchemy"].engines["default"].url
    return url.render_as_string() if url.host else str(url.database)


def _join_lines(text: str) -> str:
    return " ".join(text.split())
