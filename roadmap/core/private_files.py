"""Files and folders that only their owner can read."""

from __future__ import annotations

import os
from pathlib import Path


def ensure_private_folder(path: Path) -> Path:
    """Create the folder with mode 700 where it is missing. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def ensure_private_file(path: Path) -> Path:
    """Create the file, empty and with mode 600, where it is missing. Raises OSError.

    SQLite accepts an empty file as a new database and gives its companion files the same mode.
    """
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return path
