"""While a restore replaces everything, requests are answered by a page that says so.

The command holds a lock on a file in the data folder, so the system ends it with the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, current_app, request

from roadmap.core.errors import render_busy
from roadmap.core.i18n import lazy_gettext as _l

LOCK_FILE = "restoring"
# Static files need no database, and health checks say it in their own words.
ANSWERED = frozenset({"static", "health.alive", "health.ready"})


@contextlib.contextmanager
def announce_restore(data_dir: Path) -> Iterator[None]:
    """Let every server of this data folder answer with the page until this ends.

    The file stays: a second restore that waits for its lock would hold one that nobody sees.
    """
    descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_restoring(data_dir: Path) -> bool:
    """Return whether a restore is under way; the file alone, without its lock, says nothing.

    Every request asks, so the path is put together as text.
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
        if request.endpoint in ANSWERED or not is_restoring(current_app.config["DATA_DIR"]):
            return None
        return render_busy(_l("A restore is under way. Nothing was changed by this request."))
