"""Write access to one SQLite file: WAL mode, and a lock that processes share."""

from __future__ import annotations

import fcntl
import time
from types import ModuleType
from typing import Any

# How long a writer waits for the lock.
LOCK_TIMEOUT_SECONDS = 10.0


def enable_wal(connection: Any, module: ModuleType) -> None:
    """Put a database into WAL mode, which is permanent.

    When two processes do this at once, SQLite refuses one of them without any busy timeout.
    """
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except module.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def acquire_write_lock(lock: int | None) -> None:
    """Wait up to LOCK_TIMEOUT_SECONDS for the file lock that all writers share.

    SQLite's busy handler sleeps longer and longer and lets some writers starve; here each of
    them tries again after a millisecond. After the timeout SQLite itself refuses the writer.
    """
    if lock is None:
        return
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.001)
        else:
            return


def release_write_lock(lock: int | None) -> None:
    """Let the next writer in."""
    if lock is not None:
        fcntl.flock(lock, fcntl.LOCK_UN)
