"""What verify and restore say while they work: the room that they need, and how far they are."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click

# Somebody who waits reads a line this often.
SECONDS = 5.0
MEGABYTE = 1_000_000

Say = Callable[[str], object]


def quiet(_line: str) -> None:
    """Say nothing."""


class TooLittleRoom(click.ClickException):
    """A disk has less free than the work needs; the message says where and how much."""


class Progress:
    """Says now and then how many rows of a step are done."""

    def __init__(self, say: Say, step: str, total: int) -> None:
        self._say, self._step, self._total = say, step, total
        self._done = 0
        self._said_at = time.monotonic()

    def add(self, rows: int) -> None:
        self._done += rows
        if time.monotonic() - self._said_at >= SECONDS:
            self._said_at = time.monotonic()
            self._say(f"{self._step} {self._done:,} of {self._total:,} rows")


def require_room(needs: Mapping[Path, int], say: Say) -> None:
    """Say how much room is needed where, and raise TooLittleRoom where there is less."""
    disks: dict[int, list[Path]] = {}
    for folder in needs:
        disks.setdefault(folder.stat().st_dev, []).append(folder)
    for folders in disks.values():
        needed, free = sum(needs[each] for each in folders), shutil.disk_usage(folders[0]).free
        where = " and ".join(map(str, folders))
        text = f"about {_megabytes(needed)} in {where}, where {_megabytes(free)} are free"
        if needed > free:
            raise TooLittleRoom(
                f"this needs {text}. TMPDIR names another folder for temporary files"
            )
        say(f"This needs {text}")


def _megabytes(size: int) -> str:
    return f"{-(-size // MEGABYTE):,} MB"
