"""`flask readiness recompute`: recompute the stored summaries."""

from __future__ import annotations

import click

from roadmap.cli.command_groups import CommandGroup
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.text import format_count
from roadmap.readiness.actions import recompute_all

group = CommandGroup("readiness")


@group.command("recompute")
@click.option("--expired", is_flag=True, help="Only summaries that have expired.")
def recompute(expired: bool) -> None:
    """Recompute the stored summaries and print the number of people."""
    count = recompute_all(db.session, now=utc_now(), only_expired=expired)
    db.session.commit()
    people = format_count(count, "person", "people")
    click.echo(f"Summaries of {people} are current.")
