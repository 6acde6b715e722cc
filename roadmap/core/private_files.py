"""Files and folders that are nobody else's business."""

from __future__ import annotations

import os
from pathlib import Path


def ensure_private_folder(path: Path) -> Path:
    """The folder, made for its owner only (mode 700) where it is missing. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def ensure_private_file(path: Path) -> Path:
    """The file, made empty and with mode 600 where it is missing. Raises OSError.

    SQLite takes an empty file as a new database, and gives the files beside it the same mode.
    """
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return path
