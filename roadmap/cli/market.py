"""`flask market …`: import pay by state from the publisher's file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import click

from roadmap.cli.command_groups import CommandGroup
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.text import format_count

group = CommandGroup("market")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--year", type=int, help="The year of the figures, if not in the file.")
@click.option(
    "--ceiling",
    type=click.IntRange(1, 9_999_999),
    help="The annual wage that # represents, if not in the file.",
)
def import_file(file: Path, year: int | None, ceiling: int | None) -> None:
    """Import pay by state from FILE.

    FILE is the OEWS state file of the Bureau of Labor Statistics: the ZIP from
    https://www.bls.gov/oes/tables.htm, its workbook, or the workbook saved as CSV. The market
    page then shows it instead of the shipped figures. If any row is invalid, nothing is
    imported.
    """
    from roadmap.market.actions import import_pay
    from roadmap.market.content import market_content
    from roadmap.market.oews_file import OewsError, read_oews

    content, now = market_content(), utc_now()
    try:
        found = read_oews(
            file,
            occupations=[each.soc for each in content.occupations],
            states={state.fips: (state.code, state.name) for state in content.states},
            latest_year=now.year,
            year=year,
            ceiling=ceiling,
        )
    except OewsError as error:
        for line in error.lines:
            click.echo(f"{file}: {line}", err=True)
        click.echo("Nothing was imported.", err=True)
        raise click.exceptions.Exit(1) from None
    changes = import_pay(db.session, found, now=now)
    db.session.commit()
    for change in changes:
        states = found.wages[change.soc].values()
        means = [wages.mean for wages in states if wages.mean.amount is not None]
        ceilings = sum(pay.is_ceiling for pay in means)
        done = (
            "new" if change.is_new else f"{format_count(change.changed, 'state', 'states')} changed"
        )
        click.echo(
            f"May {found.year}, {change.soc} {content.occupation(change.soc).title}: "
            f"{_count_states(found.wages[change.soc])}, "
            f"{len(means)} with a mean, {ceilings} of these at the ceiling; "
            f"{done if change.changed else 'unchanged'}"
        )
    click.echo(f"Territories left out: {found.territories}")


def _count_states(codes: Collection[str]) -> str:
    """Describe the number of states, with the District of Columbia apart."""
    district = " and the District of Columbia" if "DC" in codes else ""
    return f"{format_count(len(codes) - bool(district), 'state', 'states')}{district}"
