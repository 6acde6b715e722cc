"""Erase people whose grace is over, and again those whom a restored backup brought back.

Each step may be repeated, and runs in a transaction of its own, so that nobody waits long and a
process that dies is no harm: the person is deleted last. Once the grace is over nobody can keep
the account, see `auth.deletion`.
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
from roadmap.erasure.decisions import FORMER_COLLEAGUE, LOGS, NAME_COPIES, TYPED_NAMES, UNTIED
from roadmap.erasure.rules import Person
from roadmap.people.audit import record_audit
from roadmap.people.models import User

log = logging.getLogger(__name__)

# So many rows are changed in one transaction.
BATCH = 1_000
_USERS: Any = User.__table__
_DELETIONS: Any = AccountDeletion.__table__


def erase_due(
    *, now: dt.datetime, stopping: Callable[[], bool] = lambda: False, cause: str = ""
) -> int:
    """Erase everybody whose grace is over; return how many. See `erase` for the `cause`."""
    with db.own_transaction() as own:
        people = list_due(own, now=now)
    count = 0
    for user_id in people:
        if stopping():
            break
        try:
            count += erase(user_id, now=now, cause=cause)
        except sa.exc.OperationalError:
            # The database is down or busy: it goes on at the next run.
            raise
        except Exception:
            # One failure must not keep the others. The id alone names nobody.
            log.exception("person %s could not be erased", user_id)
    return count


def erase(user_id: uuid.UUID, *, now: dt.datetime, cause: str = "") -> bool:
    """Erase a person whose grace is over; return False where there is no such person.

    `cause` tells the audit log why, if it is not the end of the grace: `command` or `restore`.
    """
    with db.own_transaction() as own:
        person = _load(own, user_id, now)
    if person is None:
        return False
    ledger.record(current_app.config["DATA_DIR"], user_id, now=now)
    for table, columns in LOGS.items():
        _scrub_log(Base.metadata.tables[table], columns, person)
    _delete_history(user_id)
    because: dict[str, Any] = {"cause": cause} if cause else {}
    with db.own_transaction() as own:
        revoke_all(own, user_id, now=now)
        revoke_badges_naming(own, own.get_one(User, user_id), now=now)
        _anonymize(own, person)
        _delete_mails(own, person)
        own.execute(sa.delete(_USERS).where(_USERS.c.id == user_id))
        record_audit(own, by=None, action="account.erased", now=now, **because)
    db.rewrite_file()
    return True


def mark_restored(connection: sa.Connection, *, now: dt.datetime) -> int:
    """Close the accounts of people who were erased after the backup that is being restored.

    They are due at once; return how many there are.
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
    # An address that was never confirmed may be somebody else's.
    emails = frozenset({row.email, row.email_key}) if row.email_key else frozenset[str]()
    return Person(user_id, row.name, emails, row.requested_at)


def _scrub_log(table: sa.Table, columns: tuple[str, ...], person: Person) -> None:
    """Replace what names the person in a table of many rows, without a lock while it is read."""
    texts = [sa.func.lower(sa.cast(table.c[name], sa.Text)) for name in columns]
    found = [text.contains(each, autoescape=True) for text in texts for each in person.needles]
    untied = UNTIED.get(table.name, "")
    if untied:
        found.append(table.c[untied] == person.id)
    query = sa.select(table.c.id).where(sa.or_(*found)).order_by(table.c.id)
    if "user_id" in table.c:
        query = query.where(table.c.user_id != person.id)
    with db.engine.connect().execution_options(writes=False) as connection:
        if connection.dialect.name == "postgresql":
            # It reads the whole table, which may take longer than a page may.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        ids = connection.scalars(query).all()
    for batch in batched(ids, BATCH):
        with db.own_transaction() as session:
            rows = session.execute(sa.select(table).where(table.c.id.in_(batch))).mappings()
            for row in rows.all():
                values = {name: person.scrub(row[name]) for name in columns}
                if untied and row[untied] == person.id:
                    # Otherwise it would be something done on the command line.
                    values |= {untied: None, "data": {**values["data"], "actor_erased": True}}
                if any(row[name] != value for name, value in values.items()):
                    session.execute(sa.update(table).where(table.c.id == row["id"]).values(values))


def _delete_history(user_id: uuid.UUID) -> None:
    """Delete the history of a person in batches: it may be their only long table."""
    table = Base.metadata.tables["history_entry"]
    ids = sa.select(table.c.id).where(table.c.user_id == user_id).limit(BATCH)
    deleted = BATCH
    while deleted == BATCH:
        with db.own_transaction() as own:
            deleted = count_changed(own, sa.delete(table).where(table.c.id.in_(ids)))


def _anonymize(session: Session, person: Person) -> None:
    """Replace the name in rows of others, and release what the person was reviewing."""
    tables = Base.metadata.tables
    for copy in NAME_COPIES:
        table = tables[copy.table]
        theirs = table.c[copy.by] == person.id
        if copy.kinds:
            theirs = sa.and_(theirs, table.c.kind.in_(copy.kinds))
        owners = sa.select(table.c.user_id).where(theirs)
        # Their pages say something else from now on.
        session.execute(
            sa.update(_USERS).where(_USERS.c.id.in_(owners)).values(version=_USERS.c.version + 1)
        )
        session.execute(sa.update(table).where(theirs).values({copy.column: copy.words}))
    for name, column in TYPED_NAMES:
        typed = tables[name].c[column]
        session.execute(
            sa.update(tables[name])
            # SQLite knows no capitals but those of English.
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
    """Delete mails to the person, and those of others that name them, whether sent or not.

    One that waits and was written after the person was closed stays: it is about somebody else, or
    a word that is also a name, and its reader still needs it.
    """
    mails = Base.metadata.tables["outgoing_mail"]
    texts = (mails.c.recipient, mails.c.subject, mails.c.body)
    found = [
        condition
        for text in texts
        for condition in (
            *(sa.func.lower(text).contains(each, autoescape=True) for each in person.needles),
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
