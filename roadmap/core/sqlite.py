"""SQLite: choice of the library, connections, and fair queueing of writers."""

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

# Older releases have a bug in resetting the write-ahead log under load.
WAL_RESET_FIXED = (3, 51, 3)
# How long a writer waits for the lock.
LOCK_TIMEOUT_SECONDS = 10.0
MISSING_FILE = "the file does not exist"
PRAGMAS = ("synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON", "trusted_schema=OFF")


def sqlite_module() -> ModuleType:
    """Return the newer SQLite of pysqlite3 from PyPI, if installed, and Python's own."""
    try:
        newer: ModuleType = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return newer if newer.sqlite_version_info > sqlite3.sqlite_version_info else sqlite3


MODULE: Any = sqlite_module()


class WriteLock:
    """A write lock across threads (a mutex) and processes (a file lock).

    SQLite's busy handler backs off increasingly, which starves some writers. Here one thread of
    each process polls the file lock while the others sleep.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()

    def acquire(self) -> contextlib.ExitStack:
        """Acquire the lock and return a stack that releases it. On timeout the stack is empty."""
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        with contextlib.ExitStack() as held:
            if self._threads.acquire(timeout=LOCK_TIMEOUT_SECONDS):
                held.callback(self._threads.release)
                file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                held.callback(os.close, file)
                while time.monotonic() <= deadline:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        time.sleep(0.0002)
                    else:
                        return held.pop_all()
        return held


class Connection(MODULE.Connection):
    """A connection that releases the write lock at the end of its transaction.

    An idle connection in the pool must not block other writers.
    """

    held_lock = contextlib.ExitStack()

    def commit(self) -> None:
        try:
            super().commit()
        except BaseException:
            # On a full disk, for example, SQLAlchemy would return the connection to the pool
            # with its transaction still open, which would block all other writers.
            self.rollback()
            raise
        self.held_lock.close()

    def rollback(self) -> None:
        with self.held_lock:
            super().rollback()

    def close(self) -> None:
        with self.held_lock:
            super().close()


def make_engine(url: sa.URL, is_writing: Callable[[sa.Connection], bool]) -> sa.Engine:
    """Create the engine. Transactions for which `is_writing` holds take the lock at BEGIN."""
    path = (ROOT / (url.database or "")).resolve()  # relative to the code, like the data folder
    if path.parent.exists():
        ensure_data_folder(path.parent)
    arguments = {"timeout": 10, "factory": Connection}
    engine = sa.create_engine(url.set(database=str(path)), module=MODULE, connect_args=arguments)
    write_lock = WriteLock(path.with_name(path.name + ".lock"))

    @event.listens_for(engine, "do_connect")
    def refuse_missing_file(*_arguments: Any) -> None:
        if not path.exists():
            raise MODULE.OperationalError(MISSING_FILE)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # The "begin" listener emits BEGIN.
        _enable_wal(connection)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if not is_writing(connection):
            connection.exec_driver_sql("BEGIN")
            return
        raw: Any = connection.connection.driver_connection
        # After a timeout, BEGIN IMMEDIATE fails with SQLite's own error.
        raw.held_lock = write_lock.acquire()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            raw.held_lock.close()
            raise

    return engine


def _enable_wal(connection: Any) -> None:
    """Switch the database to WAL mode permanently.

    If two processes do this at once, SQLite refuses one of them without using the busy timeout.
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
