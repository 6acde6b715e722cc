"""`flask demo load`: the demo people and their year, in an empty database."""

from __future__ import annotations

import click
from flask import Flask

from roadmap.accounts.queries import anybody
from roadmap.cli.commands import Commands, now
from roadmap.core.database import db
from roadmap.demo.load import Account, CannotLoad, Loaded, load
from roadmap.demo.people import CAST
from roadmap.people.records import audit

group = Commands("demo", help="A believable team to look at.")


@group.command("load")
@click.option(
    "--people", default=len(CAST), show_default=True, help=f"How many, from {len(CAST)} up."
)
@click.option("--seed", default=0, show_default=True, help="Another number, other chances.")
@click.option("--force", is_flag=True, help="Also into a database that holds people.")
def load_demo(people: int, seed: int, force: bool) -> None:
    """Loads demo data as of today, and prints the accounts with their passwords.

    The passwords follow from the seed, so this is for looking around, never for a server that
    others reach.
    """
    if not force and anybody(db.session):
        raise click.ClickException(
            "this database holds people already; --force adds the demo to them"
        )
    try:
        loaded = load(db.session, now=now(), seed=seed, people=people)
    except CannotLoad as error:
        raise click.ClickException(str(error)) from None
    audit(db.session, by=None, action="demo.loaded", target=str(len(loaded.accounts)), now=now())
    db.session.commit()
    for line in lines(loaded):
        click.echo(line)


def lines(loaded: Loaded) -> list[str]:
    """What the operator reads: the accounts in columns, and a summary."""
    rows = [_row(account) for account in loaded.cast]
    generated = len(loaded.accounts) - len(loaded.cast)
    if generated:
        first = loaded.accounts[len(loaded.cast)]
        rows.append((first.email, first.password, _others(generated)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [
        "Demo accounts (e-mail, password, who):",
        *(f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows),
        f"{len(loaded.accounts)} people, {loaded.pieces} pieces of evidence.",
        "Begin as Maya, who has a year behind her. Then sign in as Tomas, who leads all of them,",
        "and as Karin, who leads two teams and is on the roadmap herself.",
    ]


def _row(account: Account) -> tuple[str, str, str]:
    return account.email, account.password, f"{account.name}: {account.who}"


def _others(generated: int) -> str:
    if generated == 1:
        return "one generated engineer, team Forecasting"
    return f"and {generated - 1} more generated engineers, team Forecasting, same password"


def register(app: Flask) -> None:
    app.cli.add_command(group)
