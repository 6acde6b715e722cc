"""Store uploaded files, and delete files that are no longer referenced.

A file is stored when it is uploaded, before its piece of evidence is saved, so that a form which
fails validation still has it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import IO, Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from roadmap.core.database import count_changed, db
from roadmap.core.file_store import file_store
from roadmap.core.i18n import _
from roadmap.core.uploads import MAX_FILE_BYTES
from roadmap.evidence.actions import file_value
from roadmap.evidence.constants import MAX_FILES
from roadmap.evidence.file_rules import ALLOWED, clean_name, find_type
from roadmap.evidence.item import File
from roadmap.evidence.labels import ERROR_MESSAGES
from roadmap.evidence.models import Evidence, EvidenceFile, UploadedFile

# How long an uploaded file is kept if its piece is not saved.
UPLOAD_DAYS = 1
# The minimum that a file counts towards the quota, because each one takes a disk block.
BLOCK_BYTES = 4096


class UploadRejected(ValueError):
    """A rejected file; the message names it and gives the reason."""


def store_upload(
    user_id: uuid.UUID, name: str | None, content: IO[bytes], *, quota: int, now: dt.datetime
) -> File:
    """Store a user's file within their quota of `quota` bytes. Raises UploadRejected.

    Writes in its own transaction, so call it before the request's session writes.
    """
    name = clean_name(name)
    size = content.seek(0, 2)
    if not size:
        raise UploadRejected(_("“%(name)s” is empty.", name=name))
    if size > MAX_FILE_BYTES:
        raise UploadRejected(
            _("“%(name)s” is larger than 25 MB, the maximum for a file.", name=name)
        )
    media_type = find_type(name, content)
    if media_type is None:
        raise UploadRejected(
            _(
                "“%(name)s” is not accepted. Accepted files are %(types)s, with content "
                "that matches the file extension. Put anything else in a ZIP file.",
                name=name,
                types=ALLOWED,
            )
        )
    # Two concurrent uploads may exceed the quota together, which is harmless.
    with db.engine.connect().execution_options(writes=False) as connection:
        left = quota - used_bytes(connection, user_id)
    if max(size, BLOCK_BYTES) > left:
        raise UploadRejected(
            _(
                "There is no room for “%(name)s”: your files can take up %(quota)d MB, "
                "and %(left)s MB are left. Delete files, or pieces with files, that you "
                "no longer need; files of earlier versions count as well.",
                name=name,
                quota=quota // 1_000_000,
                left=f"{max(left, 0) / 1_000_000:.1f}",
            )
        )
    file = File(file_store().put(content), name, size, media_type)
    try:
        _record_upload(user_id, file, now)
    except sa.exc.IntegrityError:
        # A concurrent upload of the same content inserted the row first, so merge with it.
        _record_upload(user_id, file, now)
    return file


def _record_upload(user_id: uuid.UUID, file: File, now: dt.datetime) -> None:
    with db.own_transaction() as own:
        own.merge(UploadedFile(user_id=user_id, uploaded_at=now, **asdict(file)))


def store_uploads(
    user_id: uuid.UUID, sent: Iterable[FileStorage], *, now: dt.datetime
) -> tuple[list[File], list[str]]:
    """Store the files of a form; return the stored files and the messages for rejected ones.

    Writes in its own transaction, as `store_upload` does.
    """
    quota = current_app.config["FILE_QUOTA_MB"] * 1_000_000
    taken, refused = [], []
    # If no file was chosen, the browser sends one without a name.
    chosen = [each for each in sent if each.filename]
    if len(chosen) > MAX_FILES:
        # A piece cannot have more files, so do not write the rest to the disk.
        refused.append(str(ERROR_MESSAGES["too_many_files"]))
    for each in chosen[:MAX_FILES]:
        try:
            taken.append(store_upload(user_id, each.filename, each.stream, quota=quota, now=now))
        except UploadRejected as error:
            refused.append(str(error))
        finally:
            each.close()
    return taken, refused


def used_bytes(connection: sa.Connection, user_id: uuid.UUID) -> int:
    """Return the quota used by a person's files.

    Identical content counts once, and each file counts at least BLOCK_BYTES.
    """
    each = sa.union(
        *(
            sa.select(table.sha256, table.size).where(table.user_id == user_id)
            for table in (EvidenceFile, UploadedFile)
        )
    ).subquery()
    size = sa.case((each.c.size < BLOCK_BYTES, BLOCK_BYTES), else_=each.c.size)
    return int(connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(size), 0))) or 0)


def load_files(
    session: Session,
    user_id: uuid.UUID,
    names: Iterable[str],
    *,
    piece_id: uuid.UUID | None = None,
) -> list[File]:
    """Load the person's files with these SHA-256 digests, in this order; skip unknown ones.

    A file's name is taken from this piece, else from the upload, else from another piece.
    """
    wanted = list(dict.fromkeys(names))
    current = sa.select(Evidence.current_id).where(Evidence.id == piece_id)
    found: dict[str, File] = {}
    for model, *conditions in (
        (EvidenceFile, EvidenceFile.version_id == current.scalar_subquery()),
        (UploadedFile,),
        (EvidenceFile,),
    ):
        mine = sa.select(model).where(model.user_id == user_id, model.sha256.in_(wanted))
        rows: Iterable[Any] = session.scalars(mine.where(*conditions))
        found = {row.sha256: file_value(row) for row in rows} | found
    return [found[each] for each in wanted if each in found]


def find_referenced(names: Collection[str]) -> set[str]:
    """Return which of these SHA-256 digests are referenced by a row."""
    with db.engine.connect().execution_options(writes=False) as connection:
        return {
            sha256
            for model in (EvidenceFile, UploadedFile)
            for sha256 in connection.scalars(sa.select(model.sha256).where(model.sha256.in_(names)))
        }


def prune_uploads(session: Session, *, now: dt.datetime) -> int:
    """Delete the rows of expired uploads whose piece was never saved; return how many."""
    old = UploadedFile.uploaded_at < now - dt.timedelta(days=UPLOAD_DAYS)
    return count_changed(session, sa.delete(UploadedFile).where(old))


def delete_unused_files() -> int:
    """Delete stored files that are no longer referenced; return how many."""
    return file_store().delete_unused(find_referenced)
