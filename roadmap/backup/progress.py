"""Progress and disk space messages of verify and restore."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click

# Interval between progress messages.
REPORT_SECONDS = 5.0
MEGABYTE = 1_000_000

Report = Callable[[str], object]


def ignore(_line: str) -> None:
    """Discard the message."""


class InsufficientSpace(click.ClickException):
    """A disk has too little free space. The message has the folder and sizes."""


class Progress:
    """Report the number of processed rows at intervals."""

    def __init__(self, report: Report, step: str, total: int) -> None:
        self._report, self._step, self._total = report, step, total
        self._done = 0
        self._reported_at = time.monotonic()

    def add(self, rows: int) -> None:
        self._done += rows
        if time.monotonic() - self._reported_at >= REPORT_SECONDS:
            self._reported_at = time.monotonic()
            self._report(f"{self._step} {self._done:,} of {self._total:,} rows")


def require_space(needs: Mapping[Path, int], report: Report) -> None:
    """Report the disk space needed. Raises InsufficientSpace if a disk has less."""
    disks: dict[int, list[Path]] = {}
    for folder in needs:
        disks.setdefault(folder.stat().st_dev, []).append(folder)
    for folders in disks.values():
        needed, free = sum(needs[each] for each in folders), shutil.disk_usage(folders[0]).free
        where = " and ".join(map(str, folders))
        text = f"about {_megabytes(needed)} in {where}, where {_megabytes(free)} are free"
        if needed > free:
            raise InsufficientSpace(
                f"this needs {text}. TMPDIR names another folder for temporary files"
            )
        report(f"This needs {text}")


def _megabytes(size: int) -> str:
    return f"{-(-size // MEGABYTE):,} MB"
