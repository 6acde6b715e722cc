"""The files that people add, stored once by the SHA-256 of their content.

Which content is still in use only the tables know: what has no row goes with `delete_unused`, once
it is old enough that no request is about to refer to it.
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
# Far longer than a request may take from storing a file to the commit of the row that names it.
GRACE_SECONDS = 3600
_NAME = re.compile("[0-9a-f]{64}")
_DRAFT = ".draft-"

FindUsed = Callable[[Collection[str]], Collection[str]]


class FileStore:
    """A folder: `attachments/ab/abcd…`, readable by its owner alone.

    A lock file is shared by those who store or hold, and taken alone to delete.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: IO[bytes]) -> str:
        """Store what can be read from here, completely or not at all; return its name."""
        ensure_private_folder(self._folder)
        descriptor, draft_name = tempfile.mkstemp(prefix=_DRAFT, dir=self._folder)  # mode 600
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
                # Where it is stored already, this makes it young again, and whole.
                draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        for folder in (target.parent, self._folder):
            _sync_folder(folder)
        return name

    def open(self, name: str) -> IO[bytes]:
        """Open a stored file. Raises FileNotFoundError where it is missing or damaged."""
        file = self._path(name).open("rb")
        if hashlib.file_digest(file, "sha256").hexdigest() != name:
            file.close()
            raise FileNotFoundError(name)
        file.seek(0)
        return file

    def keep(self, name: str) -> None:
        """Let a file that has no row stay for another while. Raises FileNotFoundError."""
        with self._lock(fcntl.LOCK_SH):
            os.utime(self._path(name))

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Let nothing be deleted meanwhile."""
        with self._lock(fcntl.LOCK_SH):
            yield

    def delete_unused(self, find_used: FindUsed, *, grace: float = GRACE_SECONDS) -> int:
        """Delete what `find_used` does not name and nobody has stored lately; return how many.

        Deletes nothing while somebody holds the store.
        """
        deleted, before = 0, time.time() - grace
        if not self._folder.is_dir():
            return 0
        for paths in batched(self._old_files(before), 500):
            used = set(find_used([path.name for path in paths]))
            unused = [path for path in paths if path.name not in used]
            try:
                with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                    # Somebody may have stored or kept it since `find_used` looked.
                    for path in (each for each in unused if _is_older(each, before)):
                        path.unlink()
                        deleted += 1
            except BlockingIOError:
                break
        return deleted

    def _old_files(self, before: float) -> Iterable[Path]:
        """Yield stored files and what a broken connection left of one, if they are old."""
        for path in [*self._folder.glob("??/*"), *self._folder.glob(f"{_DRAFT}*")]:
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
    """Write a folder's entries to the disk, so that a power cut does not lose a stored file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that appears at `path` complete or not at all, readable by its owner alone."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 600
    except OSError as error:
        # Nobody knows the name of the draft.
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
    """Return a nameless file for what is arriving, on the disk where files are stored.

    A small one stays in memory. The usual folder for such files may be memory too.
    """
    folder = ensure_private_folder(data_dir / FOLDER)
    return tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=str(folder))


def file_store() -> FileStore:
    """Return the store of this application."""
    store: FileStore = current_app.extensions["file_store"]
    return store


def init_file_store(app: Flask) -> None:
    app.extensions["file_store"] = FileStore(app.config["DATA_DIR"] / FOLDER)
