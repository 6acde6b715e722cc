"""`flask team …`: teams and memberships."""

from __future__ import annotations

import click

from roadmap.admin.queries import list_teams as teams_with_counts
from roadmap.cli.command_groups import CommandGroup
from roadmap.cli.users import find_user
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.limits import LimitReached
from roadmap.core.text import clean_line
from roadmap.people import actions, queries
from roadmap.people.models import Team
from roadmap.people.roles import ROLES

group = CommandGroup("team")

ERROR_MESSAGES = {
    "slug": "a slug has small letters, digits and single hyphens, at most 60 in all: {slug!r}",
    "name": "the name needs between 1 and 200 characters",
    "taken": "there is a team {slug} already; `team list` shows all, `team add` adds people to it",
    "gone": "the team that {slug} is to be part of has been deleted",
}


@group.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The team's name.")
@click.option("--parent", help="The slug of the parent team.")
def create(slug: str, name: str, parent: str | None) -> None:
    """Create a team and print its slug. Managers of the parent team manage it too."""
    above = _find_team(parent) if parent else None
    try:
        team = actions.create_team(
            db.session,
            slug=slug,
            name=clean_line(name),
            parent_id=above.id if above else None,
            by=None,
            now=utc_now(),
        )
    except actions.InvalidTeam as error:
        raise click.ClickException(ERROR_MESSAGES[error.reason].format(slug=slug)) from None
    except LimitReached as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(team.slug)


@group.command("list")
def list_teams() -> None:
    """List the teams: slug, number of people, parent and name."""
    teams = teams_with_counts(db.session)
    if not teams:
        click.echo("There is no team yet.", err=True)
    slugs = {team.id: team.slug for team in teams}
    width = max((len(team.slug) for team in teams), default=0)
    for team in teams:
        above = slugs[team.parent_id] if team.parent_id else "-"
        click.echo(f"{team.slug:<{width}}  {team.people:>4}  {above:<{width}}  {team.name}")


@group.command("add")
@click.argument("slug")
@click.argument("email")
@click.option(
    "--role", required=True, type=click.Choice(list(ROLES)), help="Their role in the team."
)
def add(slug: str, email: str, role: str) -> None:
    """Add a person to a team, or change their role there."""
    team, user = _find_team(slug), find_user(email, active_only=True)
    changed = actions.add_member(db.session, team, user.id, role, by=None, now=utc_now())
    db.session.commit()
    click.echo(f"{user.email} is {role} of {team.slug}{'' if changed else ' already'}.")
    if others := queries.other_teams(db.session, user.id, team):
        click.echo(f"They are still in {others}.")


@group.command("remove")
@click.argument("slug")
@click.argument("email")
def remove(slug: str, email: str) -> None:
    """Remove a person from a team. Their records are kept."""
    team, user = _find_team(slug), find_user(email)
    if not actions.remove_member(db.session, team, user.id, by=None, now=utc_now()):
        raise click.ClickException(f"{user.email} is not in {team.slug}")
    db.session.commit()
    click.echo(f"{user.email} is no longer in {team.slug}.")


def _find_team(slug: str) -> Team:
    team = queries.find_team(db.session, slug)
    if team is None:
        raise click.ClickException(f"there is no team {slug}")
    return team
