"""The file store is content-addressed and private, and deletes only unreferenced files."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from roadmap.core.file_store import FileStore

TEXT = b"p99 fell from 180 to 45 ms\n"
NAME = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "attachments")


def nothing_used(_names: object) -> set[str]:
    return set()


def test_same_content_is_stored_once_with_private_permissions(
    store: FileStore, tmp_path: Path
) -> None:
    assert store.put(io.BytesIO(TEXT)) == store.put(io.BytesIO(TEXT)) == NAME
    [stored] = [each for each in tmp_path.rglob("*") if each.is_file() and each.stat().st_size]
    assert stored == tmp_path / "attachments" / NAME[:2] / NAME
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    with store.open(NAME) as file:
        assert file.read() == TEXT


def test_failed_upload_leaves_no_file(store: FileStore, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        store.put(Broken())
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


@pytest.mark.parametrize("name", ["../../secret-key", "", NAME.upper(), f"{NAME}0"])
def test_open_rejects_names_other_than_sha256_digests(store: FileStore, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        store.open(name)


def test_only_old_and_unused_files_are_deleted(store: FileStore) -> None:
    store.put(io.BytesIO(TEXT))
    assert store.delete_unused(nothing_used) == 0
    assert store.delete_unused(lambda names: names, grace=-1) == 0
    assert store.delete_unused(nothing_used, grace=-1) == 1
    with pytest.raises(FileNotFoundError):
        store.open(NAME)
    with pytest.raises(FileNotFoundError):
        store.touch(NAME)


def test_file_stored_again_during_cleanup_is_kept(store: FileStore, tmp_path: Path) -> None:
    """The same file is uploaded after the query for used names, before the deletion."""
    store.put(io.BytesIO(TEXT))
    old = time.time() - 7200
    os.utime(tmp_path / "attachments" / NAME[:2] / NAME, (old, old))

    def sent_again(_names: object) -> set[str]:
        store.put(io.BytesIO(TEXT))
        return set()

    assert store.delete_unused(sent_again) == 0
    with store.open(NAME) as file:
        assert file.read() == TEXT


def test_no_file_is_deleted_while_deletion_is_blocked(store: FileStore) -> None:
    store.put(io.BytesIO(TEXT))
    with store.block_deletion():
        assert store.delete_unused(nothing_used, grace=-1) == 0
    assert store.delete_unused(nothing_used, grace=-1) == 1
