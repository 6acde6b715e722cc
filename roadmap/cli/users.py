"""`flask user …`: accounts."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
import uuid
from collections.abc import Iterator

import click

from roadmap.auth import actions, deletion, email_confirmation, passwords, queries
from roadmap.auth.email_addresses import parse_email
from roadmap.cli.command_groups import CommandGroup, confirm
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.core.proxy import public_base_url
from roadmap.core.text import clean_line
from roadmap.erasure.actions import erase
from roadmap.people.models import Team, User
from roadmap.people.queries import list_solely_managed_teams

group = CommandGroup("user")
IS_ADMIN = {"person": False, "administrator": True}


@group.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--admin", is_flag=True, help="Make the person an administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, name: str, admin: bool, password_stdin: bool) -> None:
    """Create an account and print its id.

    Without a password it also prints a link to set one, which works once within 24 hours. The first
    account is always an administrator.
    """
    shown = clean_line(name)
    if not 1 <= len(shown) <= 200:
        raise click.ClickException("the name needs between 1 and 200 characters")
    try:
        address = parse_email(email)
    except ValueError as error:
        raise click.ClickException(f"{email!r} is not an e-mail address: {error}") from None
    password_hash = None
    if password_stdin:
        password = _read_password()
        if reason := passwords.find_weakness(password, name=shown, email=address):
            raise click.ClickException(f"the password is refused: {reason}")
        password_hash = passwords.hash_password(password)
    first = actions.is_first_account(db.session) and not admin
    try:
        user = actions.create_user(
            db.session,
            name=shown,
            email=address,
            password_hash=password_hash,
            is_admin=admin or first,
            by=None,
            now=utc_now(),
        )
    except actions.EmailTaken:
        raise click.ClickException(f"there is already an account for {address}") from None
    token = None
    if password_hash is None:
        token = actions.create_password_link(db.session, user.id, by=None, now=utc_now())
    db.session.commit()
    if first:
        click.echo("This is the first account, so it is an administrator's.", err=True)
    click.echo(user.id)
    if token:
        click.echo(password_link(token))


@group.command("list")
def list_users() -> None:
    """List all accounts.

    Prints id, e-mail address, role, state and name.
    """
    people = queries.list_users(db.session)
    if not people:
        click.echo("There is no account yet.", err=True)
    width = max((len(user.email) for user, _due_at in people), default=0)
    for user, due_at in people:
        role = "administrator" if user.is_admin else "person"
        state = "deactivated" if user.deactivated_at else "active"
        if not user.email_key and not user.deactivated_at:
            state = "unconfirmed"
        elif not user.password_hash and not user.deactivated_at:
            state = "no password"
        if due_at:
            state = f"to delete {due_at:%Y-%m-%d}"
        click.echo(f"{user.id}  {user.email:<{width}}  {role:<13}  {state:<20}  {user.name}")


@group.command("deactivate")
@click.argument("email")
def deactivate(email: str) -> None:
    """Close an account and end its sessions. Its records are kept."""
    user = find_user(email)
    unmanaged = list_solely_managed_teams(db.session, user.id)
    with _report_last_administrator(user.email):
        closed = actions.deactivate(db.session, user.id, by=None, now=utc_now())
    db.session.commit()
    if closed:
        click.echo(f"{user.email} is deactivated.")
        _warn_about_unmanaged_teams(unmanaged)
    elif waiting := deletion.find_deletion(db.session, user.id):
        click.echo(
            f"{user.email} is closed already, and will be deleted for good on "
            f"{waiting.due_at.date()}. To deactivate it instead, run `user keep` first."
        )
    else:
        click.echo(f"{user.email} is already deactivated.")


@group.command("reactivate")
@click.argument("email")
def reactivate(email: str) -> None:
    """Open a deactivated account again.

    The account is as it was, without its API tokens.
    """
    user = find_user(email)
    opened = actions.reactivate(db.session, user.id, by=None, now=utc_now())
    if not opened and user.deactivated_at is not None:
        raise click.ClickException(f"{user.email} is being deleted for good")
    db.session.commit()
    click.echo(f"{user.email} is {'active again' if opened else 'already active'}.")


@group.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(list(IS_ADMIN)))
def set_role(email: str, role: str) -> None:
    """Make a person an administrator, or take the role back.

    Ends the person's sessions. The last administrator keeps the role.
    """
    is_admin = IS_ADMIN[role]
    user = find_user(email, active_only=is_admin)
    with _report_last_administrator(user.email):
        changed = actions.set_admin(db.session, user.id, is_admin, by=None, now=utc_now())
    db.session.commit()
    role = "an administrator" if is_admin else "a person"
    done = f"now {role}, and has to sign in again" if changed else f"already {role}"
    click.echo(f"{user.email} is {done}.")


@group.command("delete")
@click.argument("email")
@click.option(
    "--now",
    "at_once",
    is_flag=True,
    help="Delete without the grace period of 14 days.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def delete(email: str, at_once: bool, yes: bool) -> None:
    """Delete a person for good, after 14 days.

    Until then `user keep` cancels the deletion. The account is closed at once. What the person
    wrote about others is kept without their name. With --now, deletes at once and asks first.
    """
    user = find_user(email)
    user_id, address, moment = user.id, user.email, utc_now()
    unmanaged = list_solely_managed_teams(db.session, user_id)
    if at_once and not yes:
        db.session.rollback()
        confirm(f"Delete {address} and everything they recorded, for good?")
    grace = dt.timedelta(0) if at_once else deletion.GRACE
    with _report_last_administrator(address):
        found = deletion.request_deletion(db.session, user_id, by=None, grace=grace, now=moment)
    if found is None:
        raise click.ClickException(f"there is no account for {email}")
    due_on = found.due_at.date()
    db.session.commit()
    if at_once:
        erase(user_id, now=moment, cause="command")
        click.echo(f"{address} is deleted for good.")
    else:
        click.echo(f"{address} is closed and will be deleted for good on {due_on}.")
    _warn_about_unmanaged_teams(unmanaged)


@group.command("keep")
@click.argument("email")
def keep(email: str) -> None:
    """Cancel the pending deletion of an account."""
    user = find_user(email)
    if not deletion.cancel_deletion(db.session, user.id, by=None, now=utc_now()):
        raise click.ClickException(f"{user.email} is not waiting to be deleted")
    db.session.commit()
    click.echo(f"{user.email} is kept.")


@group.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a link to set a new password.

    It works once within 24 hours.
    """
    user = find_user(email, active_only=True)
    token = actions.create_password_link(db.session, user.id, by=None, now=utc_now())
    db.session.commit()
    click.echo(password_link(token))


@group.command("confirm-email")
@click.argument("email")
@click.option(
    "--id", "user_id", type=click.UUID, help="The person's id, if several entered this address."
)
def confirm_email(email: str, user_id: uuid.UUID | None) -> None:
    """Confirm an e-mail address without the mailed link."""
    people = [
        user
        for user in queries.list_pending_emails(db.session, email)
        if user_id in (None, user.id)
    ]
    if not people:
        raise click.ClickException(f"{email} is not waiting to be confirmed")
    if len(people) > 1:
        several = ", ".join(f"{user.name} ({user.id})" for user in people)
        raise click.ClickException(f"several people entered it, choose one with --id: {several}")
    pending = queries.find_pending_email(db.session, people[0].id)
    try:
        if pending is None:
            raise email_confirmation.EmailNotPending
        confirmed = email_confirmation.confirm_email(
            db.session, people[0].id, pending.id, by=None, now=utc_now()
        )
    except email_confirmation.EmailNotPending:
        raise click.ClickException(f"{email} is not waiting to be confirmed") from None
    except actions.EmailTaken:
        raise click.ClickException(f"there is already an account for {email}") from None
    db.session.commit()
    click.echo(f"{confirmed} is now the address of {people[0].name}.")


@contextlib.contextmanager
def _report_last_administrator(email: str) -> Iterator[None]:
    try:
        yield
    except actions.LastAdministrator:
        raise click.ClickException(
            f"{email} is the last administrator; make another one first with `user role`"
        ) from None


def _warn_about_unmanaged_teams(unmanaged: list[Team]) -> None:
    """Warn about teams that no longer have a manager."""
    if unmanaged:
        names = ", ".join(team.name for team in unmanaged)
        click.echo(
            f"No one else manages {names}: what the members submit is not reviewed until "
            "you appoint someone.",
            err=True,
        )


def find_user(email: str, *, active_only: bool = False) -> User:
    """Return the account with this confirmed address or id. Raises ClickException."""
    try:
        user = queries.find_user(db.session, uuid.UUID(email))
    except ValueError:
        user = queries.find_user_by_email(db.session, email)
    if user is None and queries.list_pending_emails(db.session, email):
        raise click.ClickException(
            f"{email} is not confirmed; see `user list` and `user confirm-email`"
        )
    if user is None:
        raise click.ClickException(f"there is no account for {email}")
    if active_only and user.deactivated_at is not None:
        raise click.ClickException(f"the account {user.email} is deactivated")
    return user


def password_link(token: str) -> str:
    """Return the URL for setting a password with this token."""
    return f"{public_base_url()}/password/{token}"


def _read_password() -> str:
    """Read the password from standard input, without a trailing line end."""
    raw = sys.stdin.buffer.read(passwords.MAX_BYTES + 3)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise click.ClickException("the password on standard input is not UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")
