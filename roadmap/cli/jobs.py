"""`flask jobs …`: background work."""

from __future__ import annotations

import click
from flask import current_app

from roadmap.cli.command_groups import CommandGroup, check_schema
from roadmap.jobs.tasks import run_all_once
from roadmap.jobs.wakeup import get_job_queue

group = CommandGroup("jobs")


@group.command("run", any_schema=True)
@click.option("--once", is_flag=True, help="Do everything that is due, then exit.")
@click.option("--attached", is_flag=True, help="Exit when standard input ends, too.")
def run_jobs(once: bool, attached: bool) -> None:
    """Send mail, recompute expired summaries and delete old rows."""
    if once:
        check_schema()
        click.echo(str(run_all_once()))
        return
    get_job_queue(current_app._get_current_object()).run(attached=attached)  # type: ignore[attr-defined]
