"""How processes take turns on one SQLite file: the mode it is in, and a lock beside it."""

from __future__ import annotations

import fcntl
import time
from types import ModuleType
from typing import Any

# Seconds that a writer waits for its turn.
LOCK_TIMEOUT_SECONDS = 10.0


def enable_wal(connection: Any, module: ModuleType) -> None:
    """Puts a database into WAL mode, which it then stays in.

    While two first starts do so at once SQLite refuses one of them without waiting, whatever the
    busy timeout.
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
    """Waits for the file lock that writers of all processes share, at most ten seconds.

    SQLite's own busy handler sleeps ever longer and lets the unlucky starve; here everybody asks
    again after a millisecond. Whoever got no turn in time is refused by SQLite itself.
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
    """Lets the next writer in."""
    if lock is not None:
        fcntl.flock(lock, fcntl.LOCK_UN)
