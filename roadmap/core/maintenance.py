"""Maintenance mode: show a page during a restore.

The restore holds a lock on a file in the data folder, which ends with its process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, current_app, request

from roadmap.core.errors import render_busy
from roadmap.core.i18n import _l

LOCK_FILE = "restoring"
# Static files need no database, and health checks report the restore themselves.
ALLOWED_ENDPOINTS = frozenset({"static", "health.alive", "health.ready"})


@contextlib.contextmanager
def announce_restore(data_dir: Path) -> Iterator[None]:
    """Put all servers of this data folder in maintenance mode.

    The file is not deleted, because a waiting second restore would then lock a deleted file.
    """
    descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_restoring(data_dir: Path) -> bool:
    """Return whether a restore is running, that is whether the file is locked.

    Runs on every request, so it formats the path as text instead of using `pathlib`.
    """
    try:
        descriptor = os.open(f"{data_dir}/{LOCK_FILE}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def init_maintenance(app: Flask) -> None:
    @app.before_request
    def refuse_while_restoring() -> Response | None:
        if request.endpoint in ALLOWED_ENDPOINTS or not is_restoring(
            current_app.config["DATA_DIR"]
        ):
            return None
        return render_busy(_l("A restore is under way. Nothing was changed by this request."))
