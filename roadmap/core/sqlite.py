"""SQLite: the newest library there is, and writers that take turns."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from roadmap.core.config import ROOT, ensure_data_folder

# Older releases can lose a reset of the write-ahead log under load.
WAL_RESET_FIXED = (3, 51, 3)
# How long a writer waits for the lock.
LOCK_TIMEOUT_SECONDS = 10.0
MISSING_FILE = "the file does not exist"
PRAGMAS = ("synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON", "trusted_schema=OFF")


def sqlite_module() -> ModuleType:
    """Return the newest SQLite available: the one from PyPI if installed, or Python's own."""
    try:
        newer: ModuleType = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return newer if newer.sqlite_version_info > sqlite3.sqlite_version_info else sqlite3


MODULE: Any = sqlite_module()


class WriteTurns:
    """Lets one writer at a time begin: threads wait in line, processes share a file lock.

    SQLite's busy handler sleeps longer and longer and lets some writers starve. Here one thread of
    each process tries the file lock again and again, and the others sleep meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()

    def take(self) -> contextlib.ExitStack:
        """Return this thread's turn, which lasts until it is closed; an empty one came too late."""
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        with contextlib.ExitStack() as turn:
            if self._threads.acquire(timeout=LOCK_TIMEOUT_SECONDS):
                turn.callback(self._threads.release)
                file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                turn.callback(os.close, file)
                while time.monotonic() <= deadline:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        time.sleep(0.0002)
                    else:
                        return turn.pop_all()
        return turn


class Connection(MODULE.Connection):
    """A connection whose turn ends with its transaction, not when it returns to the pool.

    An idle connection must not block other writers.
    """

    turn = contextlib.ExitStack()

    def commit(self) -> None:
        try:
            super().commit()
        except BaseException:
            # A full disk, for example. SQLAlchemy would return the connection to the pool
            # with its transaction still open, and block every other writer.
            self.rollback()
            raise
        self.turn.close()

    def rollback(self) -> None:
        with self.turn:
            super().rollback()

    def close(self) -> None:
        with self.turn:
            super().close()


def make_engine(url: sa.URL, is_writing: Callable[[sa.Connection], bool]) -> sa.Engine:
    """Return the engine. A transaction that `is_writing` has its turn from its beginning."""
    path = (ROOT / (url.database or "")).resolve()  # as with the data folder
    if path.parent.exists():
        ensure_data_folder(path.parent)
    arguments = {"timeout": 10, "factory": Connection}
    engine = sa.create_engine(url.set(database=str(path)), module=MODULE, connect_args=arguments)
    turns = WriteTurns(path.with_name(path.name + ".lock"))

    @event.listens_for(engine, "do_connect")
    def refuse_missing_file(*_arguments: Any) -> None:
        if not path.exists():
            raise MODULE.OperationalError(MISSING_FILE)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy emits BEGIN itself, below.
        _enable_wal(connection)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if not is_writing(connection):
            connection.exec_driver_sql("BEGIN")
            return
        raw: Any = connection.connection.driver_connection
        # A thread that got no turn in time goes on, and SQLite refuses it.
        raw.turn = turns.take()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            raw.turn.close()
            raise

    return engine


def _enable_wal(connection: Any) -> None:
    """Put an SQLite database into WAL mode, which is permanent.

    When two processes do this at once, SQLite refuses one of them without any busy timeout.
    """
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except MODULE.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
