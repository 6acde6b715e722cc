"""`flask jobs …`: background work."""

from __future__ import annotations

import click
from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from roadmap.cli.command_groups import CommandGroup
from roadmap.jobs.tasks import run_all_once
from roadmap.jobs.wakeup import forget_after_rollback, get_job_queue, wake_after_commit

group = CommandGroup("jobs", help="Background work: mail, figures, clearing out.")


@group.command("run")
@click.option("--once", is_flag=True, help="Do everything that is due, and end.")
@click.option("--attached", is_flag=True, help="End as well when standard input ends.")
def run_jobs(once: bool, attached: bool) -> None:
    """Send mail, recompute expired summaries and delete old rows."""
    if once:
        click.echo(str(run_all_once()))
        return
    get_job_queue(current_app._get_current_object()).run(attached=attached)  # type: ignore[attr-defined]


def register(app: Flask) -> None:
    """Add the commands, and wake the job process after each commit that enqueued mail."""
    app.cli.add_command(group)
    if not event.contains(Session, "after_commit", wake_after_commit):
        event.listen(Session, "after_commit", wake_after_commit)
        event.listen(Session, "after_soft_rollback", forget_after_rollback)
