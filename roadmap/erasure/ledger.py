"""The ledger of erased people: a file in the data folder with a digest of each id and the date.

Backups do not include it, so that after a restore it still lists the people to erase again. Ids
are random, so a digest does not identify anybody.
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
    """Add a person durably, unless already listed. Raises OSError."""
    if digest(user_id) in read(folder):
        return
    with ensure_private_file(ensure_private_folder(folder) / FILE_NAME).open("a") as file:
        file.write(f"{digest(user_id)} {now.date().isoformat()}\n")
        file.flush()
        os.fsync(file.fileno())


def exists(folder: Path) -> bool:
    """Return whether anybody was ever erased, as far as this data folder knows."""
    return (folder / FILE_NAME).exists()


def read(folder: Path) -> set[str]:
    """Return the digests of all erased people. Raises OSError."""
    try:
        lines = (folder / FILE_NAME).read_text("ascii").splitlines()
    except FileNotFoundError:
        return set()
    return {line.partition(" ")[0] for line in lines}


def digest(user_id: uuid.UUID) -> str:
    """Return the digest of a person's id, as stored in the ledger."""
    return hashlib.sha256(user_id.bytes).hexdigest()
