"""`flask jobs …`: background jobs."""

from __future__ import annotations

import click
from flask import current_app

from roadmap.cli.command_groups import CommandGroup, check_schema
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.text import format_count
from roadmap.jobs.tasks import run_all_once
from roadmap.jobs.wakeup import get_job_queue
from roadmap.mail import outbox

group = CommandGroup("jobs")


@group.command("run", any_schema=True)
@click.option("--once", is_flag=True, help="Do everything that is due, then exit.")
@click.option(
    "--now",
    "at_once",
    is_flag=True,
    help="With --once: retry waiting mail at once.",
)
@click.option("--attached", is_flag=True, help="Also exit when standard input ends.")
def run_jobs(once: bool, at_once: bool, attached: bool) -> None:
    """Send mail, recompute expired summaries and delete old data.

    Runs until it is stopped. The server runs this command itself when it is started by `make run`
    or `roadmap.serve`.
    """
    if at_once and not once:
        raise click.ClickException("--now needs --once")
    if once:
        check_schema()
        if at_once:
            with db.own_transaction() as own:
                outbox.retry_now(own, now=utc_now())
        click.echo(run_all_once())
        if waiting := outbox.count_waiting(db.session):
            click.echo(
                f"{format_count(waiting, 'mail waits', 'mails wait')} for the next try; "
                "`jobs run --once --now` tries at once."
            )
        return
    get_job_queue(current_app._get_current_object()).run(attached=attached)  # type: ignore[attr-defined]
