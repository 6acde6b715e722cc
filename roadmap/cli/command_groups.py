"""Command groups that report errors as one line on standard error, with exit status 1.

Help is shown without loading the application, so this module imports only Flask at the top.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from flask.cli import AppGroup, FlaskGroup, ScriptInfo

if TYPE_CHECKING:
    import sqlalchemy as sa

# SQLSTATEs of PostgreSQL for a missing table or column.
MISSING_SCHEMA_CODES = ("42P01", "42703")
# Module and help text per group.
GROUPS = {
    "backup": ("backup", "Back up, verify and restore everything."),
    "badges": ("badges", "Replace the keys that sign badges."),
    "catalog": ("catalog", "Load, check and withdraw roadmaps."),
    "db": ("database", "Migrate the database."),
    "demo": ("demo", "Load an invented company to try Cairn."),
    "export": ("exports", "Export all data of a person."),
    "import": ("imports", "Import a person's archive into an account."),
    "jobs": ("jobs", "Run the background work, such as sending mail."),
    "market": ("market", "Import newer pay by state for the market page."),
    "readiness": ("readiness", "Recompute stored readiness summaries."),
    "team": ("teams", "Manage teams and their members."),
    "token": ("tokens", "Manage API tokens."),
    "user": ("users", "Manage accounts."),
}
# Flask's own commands, which are hidden from the help.
FLASK_COMMANDS = ("routes", "run", "shell")


def runs_without_settings() -> bool:
    """Return whether `flask` runs only for help, an error message or `catalog validate`.

    A group without a command prints its help, and a mistyped command an error. None of these needs
    settings.
    """
    if click.get_current_context(silent=True) is None:
        return False
    words = [word for word in sys.argv[1:] if not word.startswith("-") and word != "roadmap"]
    asks_for_help = not words or "--help" in sys.argv or (len(words) == 1 and words[0] in GROUPS)
    is_flask = isinstance(click.get_current_context().find_root().command, FlaskGroup)
    is_mistyped = is_flask and not {*words} & {*GROUPS, *FLASK_COMMANDS}
    return asks_for_help or is_mistyped or words[:2] == ["catalog", "validate"]


def add_commands(app: Flask) -> None:
    """Register the commands and hide all others from the help."""
    app.cli = RootGroup(app.name)
    for name, (module, text) in GROUPS.items():
        app.cli.add_command(LazyGroup(name, module, help=text))
    if context := click.get_current_context(silent=True):
        foreign = getattr(context.find_root().command, "commands", {})
        for command in foreign.values():
            command.hidden = True


class RootGroup(AppGroup):
    """The root group, which reports an unknown command in one line."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and not ctx.resilient_parsing:
            raise click.ClickException(
                f"there is no command {cmd_name!r}; "
                "`.venv/bin/flask --app roadmap --help` lists them"
            )
        return found


class CommandGroup(AppGroup):
    """A group that reports errors as one line with exit status 1.

    Commands refuse a database whose schema is not current, unless declared with `any_schema`.
    """

    def __init__(self, *args: Any, any_schema: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._any_schema = any_schema

    def command(  # type: ignore[override]
        self, *args: Any, any_schema: bool = False, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Return a decorator that adds a function as a command."""
        add = super().command(*args, **kwargs)

        def decorate(run: Callable[..., Any]) -> click.Command:
            @wraps(run)
            def checked(*arguments: Any, **options: Any) -> Any:
                check_schema()
                return run(*arguments, **options)

            return add(run if any_schema or self._any_schema else checked)

        return decorate

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
        except BrokenPipeError:
            raise  # The reader closed the pipe, as in `… | head`. Click exits silently.
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise click.ClickException(f"{error.strerror or error}{where}") from None


def confirm(question: str, *, otherwise: str = "nothing was changed") -> None:
    """Ask for confirmation. Raises ClickException if refused, or without a terminal."""
    if not sys.stdin.isatty():
        raise click.ClickException(f"{question} There is no terminal to ask on: add --yes")
    try:
        is_confirmed = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)  # End the line of the question.
        is_confirmed = False
    if not is_confirmed:
        raise click.ClickException(otherwise)


def require_new_file(file: Path, *, force: bool) -> None:
    """Raise ClickException if the folder is missing, or if the file exists without `force`."""
    if not file.parent.is_dir():
        raise click.ClickException(f"the folder {file.parent} does not exist")
    if file.exists() and not force:
        raise click.ClickException(f"{file} exists; name another file, or replace it with --force")


def check_schema() -> None:
    """Raise ClickException if the schema is older or newer than this release."""
    from roadmap.core.database import NEWER_SCHEMA, Schema, compare_schema

    schema = compare_schema()
    if schema is Schema.NEWER:
        raise click.ClickException(NEWER_SCHEMA)
    if schema is Schema.OLDER:
        raise click.ClickException(
            _upgrade_message(click.get_current_context(), "migrations are missing")
        )


class LazyGroup(CommandGroup):
    """A group whose module is imported on first use."""

    def __init__(self, name: str, module: str, *, help: str) -> None:  # noqa: A002 - click's name
        super().__init__(name=name, help=help)
        self._module = module

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        group: CommandGroup = import_module(f"roadmap.cli.{self._module}").group
        return group.commands

    @commands.setter
    def commands(self, value: MutableMapping[str, click.Command]) -> None:
        """Ignore the empty dictionary that Click sets initially."""


def _describe_database_error(error: sa.exc.DBAPIError, ctx: click.Context) -> str:
    from roadmap.core.sqlite import MISSING_FILE

    reason = _join_lines(str(error.orig))
    if not (
        getattr(error.orig, "sqlstate", None) in MISSING_SCHEMA_CODES
        or reason.startswith(("no such table", "no such column"))
        or "has no column" in reason
    ):
        if reason == MISSING_FILE:
            return (
                f"there is no database {_describe_database(ctx)}: correct ROADMAP_DATABASE_URL or "
                "ROADMAP_DATA_DIR, or begin one: "
                "run `.venv/bin/flask --app roadmap db upgrade` first"
            )
        # Exclude errors of a statement. SQLite raises DatabaseError for a file that is not a
        # database.
        if type(error).__name__ in ("OperationalError", "DatabaseError"):
            return (
                f"the database {_describe_database(ctx)} cannot be used: {reason}; "
                "ROADMAP_DATABASE_URL names it, or else ROADMAP_DATA_DIR"
            )
        return f"the database refused: {reason}"
    return _upgrade_message(ctx, reason)


def _upgrade_message(ctx: click.Context, reason: str) -> str:
    return (
        f"the database {_describe_database(ctx)} is empty or has an older schema ({reason}): "
        "run `.venv/bin/flask --app roadmap db upgrade` first"
    )


def _describe_database(ctx: click.Context) -> str:
    """Return the database's path, or its URL without the password."""
    # The application context may have ended with the command.
    app: Flask = ctx.ensure_object(ScriptInfo).load_app()
    url: sa.URL = app.extensions["sqlalchemy"].engines["default"].url
    return url.render_as_string() if url.host else str(url.database)


def _join_lines(text: str) -> str:
    return " ".join(text.split())
