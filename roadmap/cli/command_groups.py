"""Command groups that report any error in one line on standard error, with exit status 1."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from alembic.util import CommandError
from flask import Flask
from flask.cli import AppGroup, ScriptInfo

# PostgreSQL's codes for a missing table or column.
MISSING_SCHEMA_CODES = ("42P01", "42703")


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


def _describe_database_error(error: sa.exc.DBAPIError, ctx: click.Context) -> str:
    reason = _join_lines(str(error.orig))
    if not (
        getattr(error.orig, "sqlstate", None) in MISSING_SCHEMA_CODES
        or reason.startswith(("no such table", "no such column"))
        or "has no column" in reason
    ):
        return f"the database refused: {reason}"
    # The application's context may have ended with the command.
    app: Flask = ctx.ensure_object(ScriptInfo).load_app()
    url: sa.URL = app.extensions["sqlalchemy"].engines["default"].url
    name = url.render_as_string() if url.host else url.database
    return (
        f"the database {name} is empty or has an older schema ({reason}): "
        "run `flask --app roadmap db upgrade` first"
    )


def _join_lines(text: str) -> str:
    return " ".join(text.split())
