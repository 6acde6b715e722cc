"""`flask demo load`: load the demo data into an empty database."""

from __future__ import annotations

import click

from roadmap.auth.queries import any_user_exists
from roadmap.cli.command_groups import CommandGroup
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.demo.cast import CAST
from roadmap.demo.loader import load_demo_data
from roadmap.people.audit import record_audit

group = CommandGroup("demo")


@group.command("load")
@click.option(
    "--people", default=len(CAST), show_default=True, help=f"How many, from {len(CAST)} up."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the random choices.")
@click.option("--force", is_flag=True, help="Load it even if the database has accounts.")
def load_demo(people: int, seed: int, force: bool) -> None:
    """Load demo data as of today.

    Prints the accounts with their passwords. The passwords are derived from the seed, so never
    do this on a server that others can reach.
    """
    if not force and any_user_exists(db.session):
        raise click.ClickException(
            "this database has accounts already; --force adds the demo data to them"
        )
    loaded = load_demo_data(db.session, now=utc_now(), seed=seed, people=people)
    record_audit(db.session, "demo.loaded", len(loaded.accounts), by=None, now=utc_now())
    db.session.commit()
    rows = [
        (account.person.email, account.password, f"{account.person.name}: {account.person.who}")
        for account in loaded.accounts[: len(CAST)]
    ]
    if generated := loaded.accounts[len(CAST) :]:
        first, more = generated[0], len(generated) - 1
        who = f"and {more} more generated engineers, team Forecasting, same password"
        if more == 0:
            who = "one generated engineer, team Forecasting"
        rows.append((first.person.email, first.password, who))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    click.echo("Demo accounts (e-mail, password, who):")
    for email, password, who in rows:
        click.echo(f"  {email:<{widths[0]}}  {password:<{widths[1]}}  {who}")
    click.echo(
        f"{len(loaded.accounts)} people, {loaded.pieces} pieces of evidence.\n"
        "Start as Maya, with a year of data. Then sign in as Tomas, who manages them all,\n"
        "and as Karin, who manages two teams and follows the roadmap herself."
    )
