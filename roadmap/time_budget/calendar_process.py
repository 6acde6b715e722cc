"""Read a calendar file in a separate process, which ends when it takes too long or too much."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from roadmap.time_budget import calendar_file
from roadmap.time_budget.calendar_file import CalendarError, Reading, Window

# A file of 10 MB takes three seconds.
TIMEOUT_SECONDS = 15
MAX_MEMORY_BYTES = 512 * 1024**2


def read(
    data: bytes, window: Window, own: Iterable[str] = (), *, timeout: float = TIMEOUT_SECONDS
) -> Reading:
    """Return what `calendar_file.read` finds. Raises CalendarError."""
    order = {
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "zone": window.zone,
        "own": list(own),
        "most_memory": MAX_MEMORY_BYTES,
        "most_seconds": TIMEOUT_SECONDS,
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own file, by our own interpreter
            # -I: environment and current folder do not change what it imports.
            [sys.executable, "-I", str(calendar_file.__file__)],
            input=json.dumps(order).encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # What the library warns of can be as long as the file.
            env={},  # No secrets.
            cwd=Path(__file__).parent,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise CalendarError("too-slow") from late
    if done.returncode != 0:
        raise CalendarError("too-slow")
    found = json.loads(done.stdout)
    if isinstance(found, dict) and "error" in found:
        raise CalendarError(found["error"])
    return Reading.from_json(done.stdout)
