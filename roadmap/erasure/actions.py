"""Erase people whose grace period has ended, and people whom a restored backup brought back.

Each step is idempotent and runs in its own short transaction. The account is deleted last, so an
interrupted erasure is resumed by the next run. After the grace period the account can no longer
be kept, see `auth.deletion`.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.auth.deletion import list_due
from roadmap.auth.models import AccountDeletion
from roadmap.badges.actions import revoke_all, revoke_badges_naming
from roadmap.core.batches import batched
from roadmap.core.database import count_changed, db
from roadmap.core.types import Base
from roadmap.erasure import ledger
from roadmap.erasure.decisions import (
    FORMER_COLLEAGUE,
    FREE_TEXT_NAMES,
    LOG_COLUMNS,
    NAME_COLUMNS,
    UNCONSTRAINED_REFERENCES,
)
from roadmap.erasure.rules import Person
from roadmap.people.audit import record_audit
from roadmap.people.models import User

log = logging.getLogger(__name__)

# The maximum number of rows changed in one transaction.
BATCH = 1_000
_USERS: Any = User.__table__
_DELETIONS: Any = AccountDeletion.__table__


def erase_due(
    *, now: dt.datetime, stopping: Callable[[], bool] = lambda: False, cause: str = ""
) -> int:
    """Erase all people whose grace period has ended; return their number. `cause`: see `erase`."""
    with db.own_transaction() as own:
        people = list_due(own, now=now)
    count = 0
    for user_id in people:
        if stopping():
            break
        try:
            count += erase(user_id, now=now, cause=cause)
        except sa.exc.OperationalError:
            # The database is down or busy. The next run continues.
            raise
        except Exception:
            # One failure must not stop the others. The id alone does not identify the person.
            log.exception("could not erase person %s", user_id)
    return count


def erase(user_id: uuid.UUID, *, now: dt.datetime, cause: str = "") -> bool:
    """Erase a person whose grace period has ended; return False if there is no such person.

    `cause` is recorded in the audit log unless the grace period is the cause: `command` or
    `restore`.
    """
    with db.own_transaction() as own:
        person = _load(own, user_id, now)
    if person is None:
        return False
    ledger.record(current_app.config["DATA_DIR"], user_id, now=now)
    for table, columns in LOG_COLUMNS.items():
        _scrub_log(Base.metadata.tables[table], columns, person)
    _delete_history(user_id)
    because: dict[str, Any] = {"cause": cause} if cause else {}
    with db.own_transaction() as own:
        revoke_all(own, user_id, now=now)
        revoke_badges_naming(own, own.get_one(User, user_id), now=now)
        _anonymize(own, person)
        _delete_mails(own, person)
        own.execute(sa.delete(_USERS).where(_USERS.c.id == user_id))
        record_audit(own, "account.erased", by=None, now=now, **because)
    db.rewrite_file()
    return True


def deactivate_restored(connection: sa.Connection, *, now: dt.datetime) -> int:
    """Deactivate people in a restored backup who were erased after it was made.

    Makes their erasure due immediately, and returns their number.
    """
    erased = ledger.read(current_app.config["DATA_DIR"])
    found = [
        user_id
        for user_id in connection.scalars(sa.select(_USERS.c.id).order_by(_USERS.c.id))
        if ledger.digest(user_id) in erased
    ]
    for batch in batched(found, BATCH):
        connection.execute(
            sa.update(_USERS).where(_USERS.c.id.in_(batch)).values(deactivated_at=now)
        )
        connection.execute(sa.delete(_DELETIONS).where(_DELETIONS.c.user_id.in_(batch)))
        connection.execute(
            sa.insert(_DELETIONS),
            [{"user_id": user_id, "requested_at": now, "due_at": now} for user_id in batch],
        )
    return len(found)


def _load(session: Session, user_id: uuid.UUID, now: dt.datetime) -> Person | None:
    row = session.execute(
        sa.select(_USERS.c.name, _USERS.c.email, _USERS.c.email_key, _DELETIONS.c.requested_at)
        .join(_DELETIONS, _DELETIONS.c.user_id == _USERS.c.id)
        .where(_USERS.c.id == user_id, _DELETIONS.c.due_at <= now)
    ).first()
    if row is None:
        return None
    # An unconfirmed address may belong to somebody else.
    emails = frozenset({row.email, row.email_key}) if row.email_key else frozenset[str]()
    return Person(user_id, row.name, emails, row.requested_at)


def _scrub_log(table: sa.Table, columns: tuple[str, ...], person: Person) -> None:
    """Remove the person's identifiers from a large table, without locks during the scan."""
    texts = [sa.func.lower(sa.cast(table.c[name], sa.Text)) for name in columns]
    found = [text.contains(each, autoescape=True) for text in texts for each in person.search_terms]
    reference = UNCONSTRAINED_REFERENCES.get(table.name, "")
    if reference:
        found.append(table.c[reference] == person.id)
    query = sa.select(table.c.id).where(sa.or_(*found)).order_by(table.c.id)
    if "user_id" in table.c:
        query = query.where(table.c.user_id != person.id)
    with db.engine.connect().execution_options(writes=False) as connection:
        if connection.dialect.name == "postgresql":
            # A scan of the whole table may exceed the timeout for page requests.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        ids = connection.scalars(query).all()
    for batch in batched(ids, BATCH):
        with db.own_transaction() as session:
            rows = session.execute(sa.select(table).where(table.c.id.in_(batch))).mappings()
            for row in rows.all():
                values = {name: person.scrub(row[name]) for name in columns}
                if reference and row[reference] == person.id:
                    # Without the flag, no actor would mean the command line.
                    values |= {reference: None, "data": {**values["data"], "actor_erased": True}}
                if any(row[name] != value for name, value in values.items()):
                    session.execute(sa.update(table).where(table.c.id == row["id"]).values(values))


def _delete_history(user_id: uuid.UUID) -> None:
    """Delete the person's history in batches, because it can be long."""
    table = Base.metadata.tables["history_entry"]
    ids = sa.select(table.c.id).where(table.c.user_id == user_id).limit(BATCH)
    deleted = BATCH
    while deleted == BATCH:
        with db.own_transaction() as own:
            deleted = count_changed(own, sa.delete(table).where(table.c.id.in_(ids)))


def _anonymize(session: Session, person: Person) -> None:
    """Replace the name in other people's rows, and release evidence that the person reviewed."""
    tables = Base.metadata.tables
    for copy in NAME_COLUMNS:
        table = tables[copy.table]
        theirs = table.c[copy.by] == person.id
        if copy.kinds:
            theirs = sa.and_(theirs, table.c.kind.in_(copy.kinds))
        owners = sa.select(table.c.user_id).where(theirs)
        # The owners' pages change, so their version must change as well.
        session.execute(
            sa.update(_USERS).where(_USERS.c.id.in_(owners)).values(version=_USERS.c.version + 1)
        )
        session.execute(sa.update(table).where(theirs).values({copy.column: copy.replacement}))
    for name, column in FREE_TEXT_NAMES:
        typed = tables[name].c[column]
        session.execute(
            sa.update(tables[name])
            # SQLite's `lower` only converts ASCII, so an exact match is tried as well.
            .where(sa.or_(typed == person.name, sa.func.lower(typed) == person.name.lower()))
            .values({column: FORMER_COLLEAGUE})
        )
    evidence = tables["evidence"]
    session.execute(
        sa.update(evidence)
        .where(evidence.c.reviewer_id == person.id, evidence.c.state == "in_review")
        .values(state="submitted", review_started_at=None)
    )
    invitation = tables["invitation"]
    session.execute(
        sa.delete(invitation).where(
            sa.or_(
                sa.and_(invitation.c.created_by == person.id, invitation.c.accepted_at.is_(None)),
                invitation.c.accepted_by == person.id,
                invitation.c.email_key.in_(person.emails),
            )
        )
    )


def _delete_mails(session: Session, person: Person) -> None:
    """Delete mails to the person, and other people's mails that name them, sent or queued.

    A queued mail that was written after the account was closed is kept, unless it contains an
    address or id. It is about a namesake or an ordinary word, and its reader still needs it.
    """
    mails = Base.metadata.tables["outgoing_mail"]
    texts = (mails.c.recipient, mails.c.subject, mails.c.body)
    found = [
        condition
        for text in texts
        for condition in (
            *(sa.func.lower(text).contains(each, autoescape=True) for each in person.search_terms),
            sa.func.lower(text).contains(person.name.lower(), autoescape=True),
            text.contains(person.name, autoescape=True),
        )
    ]
    rows = session.execute(
        sa.select(mails.c.id, mails.c.due_at, mails.c.created_at, *texts).where(sa.or_(*found))
    ).all()
    named = [
        row.id
        for row in rows
        if any(person.scrub(text) != text for text in row[3:])
        or ((row.due_at is None or row.created_at <= person.requested_at)
            and any(map(person.is_named_in, row[3:])))
    ]  # fmt: skip
    for batch in batched(named, BATCH):
        session.execute(sa.delete(mails).where(mails.c.id.in_(batch)))
