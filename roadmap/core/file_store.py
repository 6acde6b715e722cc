"""Content-addressed storage for uploaded files, named by SHA-256.

Database rows reference the files. `delete_unused` deletes files without a row once they are old
enough that no running request can still reference them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO

from flask import Flask, current_app

from roadmap.core.batches import batched
from roadmap.core.config import ensure_private_folder

FOLDER = "attachments"
CHUNK_BYTES = 256 * 1024
MEMORY_BYTES = 128 * 1024
# Much longer than a request takes from storing a file to committing the row that references it.
GRACE_SECONDS = 3600
_NAME = re.compile("[0-9a-f]{64}")
_TEMPORARY_PREFIX = ".draft-"

FindUsed = Callable[[Collection[str]], Collection[str]]


class FileStore:
    """Files in `attachments/ab/abcd…`, readable only by their owner.

    Writers take a shared lock on a lock file, deletion an exclusive one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: IO[bytes]) -> str:
        """Store a file atomically and return its name."""
        ensure_private_folder(self._folder)
        descriptor, draft_name = tempfile.mkstemp(
            prefix=_TEMPORARY_PREFIX, dir=self._folder
        )  # mode 600
        draft, digest = Path(draft_name), hashlib.sha256()
        try:
            with os.fdopen(descriptor, "wb") as file:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            name = digest.hexdigest()
            target = self._path(name)
            with self._lock(fcntl.LOCK_SH):
                ensure_private_folder(target.parent)
                # If the file exists, this renews its age and repairs damage.
                draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        for folder in (target.parent, self._folder):
            _sync_folder(folder)
        return name

    def open(self, name: str) -> IO[bytes]:
        """Open a stored file. Raises FileNotFoundError if it is missing or damaged."""
        file = self._path(name).open("rb")
        if hashlib.file_digest(file, "sha256").hexdigest() != name:
            file.close()
            raise FileNotFoundError(name)
        file.seek(0)
        return file

    def touch(self, name: str) -> None:
        """Renew the age of a file that has no row yet. Raises FileNotFoundError."""
        with self._lock(fcntl.LOCK_SH):
            os.utime(self._path(name))

    @contextlib.contextmanager
    def block_deletion(self) -> Iterator[None]:
        """Block deletion of stored files."""
        with self._lock(fcntl.LOCK_SH):
            yield

    def delete_unused(self, find_used: FindUsed, *, grace: float = GRACE_SECONDS) -> int:
        """Delete old files that `find_used` does not return. Returns the number of deleted files.

        Stops while another process stores files or blocks deletion.
        """
        deleted, before = 0, time.time() - grace
        if not self._folder.is_dir():
            return 0
        for paths in batched(self._old_files(before), 500):
            used = set(find_used([path.name for path in paths]))
            unused = [path for path in paths if path.name not in used]
            try:
                with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                    # Another request may have stored or touched it since `find_used` ran.
                    for path in (each for each in unused if _is_older(each, before)):
                        path.unlink()
                        deleted += 1
            except BlockingIOError:
                break
        return deleted

    def _old_files(self, before: float) -> Iterable[Path]:
        """Yield old stored files and old leftovers of interrupted uploads."""
        for path in [*self._folder.glob("??/*"), *self._folder.glob(f"{_TEMPORARY_PREFIX}*")]:
            if _is_older(path, before):
                yield path

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise FileNotFoundError(name)
        return self._folder / name[:2] / name

    @contextlib.contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        ensure_private_folder(self._folder)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        lock = os.open(self._folder / ".lock", flags, 0o600)
        try:
            fcntl.flock(lock, kind)
            yield
        finally:
            os.close(lock)


def _is_older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    """Flush a folder to disk, so that a power failure does not lose a stored file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that is renamed to `path` when complete, readable only by its owner."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 600
    except OSError as error:
        # Name the folder instead of the temporary file, which the user does not know.
        raise OSError(error.errno, error.strerror, str(path.parent)) from None
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def temporary_file(data_dir: Path) -> IO[bytes]:
    """Return an unnamed temporary file for an upload.

    Small files stay in memory. Larger ones use the data folder, because `/tmp` may be in memory.
    """
    folder = ensure_private_folder(data_dir / FOLDER)
    return tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=str(folder))


def file_store() -> FileStore:
    """Return the application's file store."""
    store: FileStore = current_app.extensions["file_store"]
    return store


def init_file_store(app: Flask) -> None:
    app.extensions["file_store"] = FileStore(app.config["DATA_DIR"] / FOLDER)
