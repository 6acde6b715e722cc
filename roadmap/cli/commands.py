"""What every group of commands shares: one line on standard error and exit status 1."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import AppGroup


class Commands(AppGroup):
    """A group whose errors are one line, whatever was wrong, and end with status 1."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            click.echo(ctx.get_help())
            ctx.exit(0)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise click.ClickException(_line(error.format_message())) from None
        except sa.exc.DBAPIError as error:
            raise click.ClickException(f"the database refused: {_line(str(error.orig))}") from None
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise click.ClickException(f"{error.strerror or error}{where}") from None


def now() -> dt.datetime:
    """The moment of this command."""
    return dt.datetime.now(dt.UTC)


def _line(text: str) -> str:
    return " ".join(text.split())
