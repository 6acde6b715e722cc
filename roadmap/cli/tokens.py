"""`flask token …`: personal API tokens."""

from __future__ import annotations

import uuid

import click

from roadmap.auth import api_tokens
from roadmap.auth.models import SCOPES
from roadmap.cli.command_groups import CommandGroup
from roadmap.cli.users import find_user
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.text import clean_line

group = CommandGroup("token")


@group.command("create")
@click.argument("email")
@click.option("--name", required=True, help="A name that describes its purpose.")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="read",
    help="What it may do: read; draft, which reads their roadmap and evidence and writes drafts "
    "that carry its name; or write.",
)
@click.option(
    "--days",
    type=click.IntRange(1, api_tokens.MAX_DAYS),
    default=api_tokens.DEFAULT_DAYS,
    help=f"Days until it expires; {api_tokens.DEFAULT_DAYS} by default.",
)
def create(email: str, name: str, scope: str, days: int) -> None:
    """Create a token and print it. It cannot be shown again."""
    user = find_user(email, active_only=True)
    shown = clean_line(name)
    if not 1 <= len(shown) <= 100:
        raise click.ClickException("the name needs between 1 and 100 characters")
    try:
        token = api_tokens.create(
            db.session, user.id, name=shown, scope=scope, days=days, by=None, now=utc_now()
        )
    except api_tokens.TooManyTokens:
        raise click.ClickException(
            f"{user.email} has {api_tokens.MAX_TOKENS} tokens, and that is the most"
        ) from None
    db.session.commit()
    click.echo(token)


@group.command("list")
@click.argument("email")
def list_tokens(email: str) -> None:
    """List a person's tokens: id, scope, expiry, last use and name."""
    user, moment = find_user(email), utc_now()
    for token in api_tokens.list_tokens(db.session, user.id):
        ends = f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "never"
        if token.expires_at and token.expires_at <= moment:
            ends = "expired"
        used = f"{token.last_used_at:%Y-%m-%d}" if token.last_used_at else "never used"
        click.echo(f"{token.id}  {token.scope:<5}  {ends:<10}  {used:<10}  {token.name}")


@group.command("revoke")
@click.argument("email")
@click.argument("token_id", metavar="ID", type=click.UUID)
def revoke(email: str, token_id: uuid.UUID) -> None:
    """Revoke a token at once."""
    user = find_user(email)
    mine = {token.id: token for token in api_tokens.list_tokens(db.session, user.id)}
    if token_id not in mine:
        raise click.ClickException(f"{user.email} has no token {token_id}")
    api_tokens.revoke(db.session, mine[token_id], by=None, now=utc_now())
    db.session.commit()
    click.echo(f"The token {mine[token_id].name} is revoked.")
