"""Record SQL statements, so that tests can count them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextlib.contextmanager
def record_statements(engine: sa.Engine) -> Iterator[list[str]]:
    """Collect the statements an engine executes, except transaction control."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.lstrip().upper().startswith(_CONTROL):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextlib.contextmanager
def record_session_statements(session: Session) -> Iterator[list[str]]:
    """Flush a session, then collect the statements of its engine."""
    session.flush()
    bind = session.get_bind()
    with record_statements(bind.engine) as statements:
        yield statements


def statements_of(app: Flask, call: Callable[[], object]) -> list[str]:
    """Return the statements an application executes during `call`."""
    engine: sa.Engine = app.extensions["sqlalchemy"].engines["default"]
    with record_statements(engine) as statements:
        call()
    return statements
