"""Who was erased: a line for each person in the data folder, with a digest of their id and the day.

It is in no backup, so that a restore of an older one can tell who must go again. A digest tells
nobody who it was: ids are random.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import uuid
from pathlib import Path

from roadmap.core.config import ensure_private_file, ensure_private_folder

FILE_NAME = "erased-people"


def record(folder: Path, user_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Add a person, durably; once is enough. Raises OSError."""
    if digest(user_id) in read(folder):
        return
    with ensure_private_file(ensure_private_folder(folder) / FILE_NAME).open("a") as file:
        file.write(f"{digest(user_id)} {now.date().isoformat()}\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> set[str]:
    """Return the digests of all who were erased. Raises OSError."""
    try:
        lines = (folder / FILE_NAME).read_text("ascii").splitlines()
    except FileNotFoundError:
        return set()
    return {line.partition(" ")[0] for line in lines}


def digest(user_id: uuid.UUID) -> str:
    """Return what the ledger has of a person."""
    return hashlib.sha256(user_id.bytes).hexdigest()
