"""Export a portfolio as a file."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import uuid
import zipfile
from collections.abc import Mapping
from typing import IO

from flask import Response, current_app

from roadmap.auth.request_audit import audit_download
from roadmap.core.database import db
from roadmap.core.file_store import file_store, temporary_file
from roadmap.core.limiter import export_slot
from roadmap.core.web import make_attachment, send_attachment
from roadmap.people.actor import Actor
from roadmap.people.rules import slugify
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.queries import load_document

log = logging.getLogger(__name__)


class MissingCharacters(Exception):
    """The fonts of the format lack some characters; the text lists them."""


def export_file(
    actor: Actor,
    name: str,
    portfolio_id: uuid.UUID | None = None,
    *,
    now: dt.datetime,
    allow_missing_characters: bool = True,
) -> Response:
    """Return a portfolio of the actor, by default their default one, in the format of this key.

    Ends the request's transaction, because the audit record is written in a separate one. Raises
    KeyError for an unknown format, RowDeleted, TooBusy, PdfError, and MissingCharacters
    unless `allow_missing_characters`.
    """
    export_format = FORMATS[name]
    with export_slot():
        document = load_document(db.session, actor.id, actor.today(now), portfolio_id)
        if not allow_missing_characters and (missing := export_format.missing(document)):
            raise MissingCharacters(missing)
        rendered = export_format.render(document)
        files = export_format.files(document)
        archive_file = add_files(rendered, files) if files else None
    title = str(export_format.title)
    audit_download(by=actor.id, action="portfolio.exported", target=name, format=title)
    filename = f"{file_stem(actor, portfolio_id)}.{export_format.extension}"
    if archive_file is not None:
        return send_attachment(archive_file, export_format.mimetype, filename)
    return make_attachment(rendered, export_format.mimetype, filename)


def add_files(rendered: bytes, files: Mapping[str, str]) -> IO[bytes]:
    """Return a temporary file with the ZIP and the stored files added; they may exceed memory."""
    archive_file = temporary_file(current_app.config["DATA_DIR"])
    archive_file.write(rendered)
    with zipfile.ZipFile(archive_file, "a") as archive:
        for path, sha256 in files.items():
            try:
                source = file_store().open(sha256)
            except FileNotFoundError:
                log.error(
                    "a file of an export is missing or damaged in the data folder: %s", sha256
                )
                continue
            with source, archive.open(zipfile.ZipInfo(path), "w") as target:
                shutil.copyfileobj(source, target)
    return archive_file


def file_stem(actor: Actor, portfolio_id: uuid.UUID | None = None) -> str:
    """Return a portable file name, such as `anna-lopez-portfolio` for the default portfolio.

    The names of the others are for their owner only, so part of the id tells their files apart.
    """
    suffix = portfolio_id.hex[-4:] if portfolio_id and portfolio_id != actor.id else ""
    return "-".join(filter(None, (slugify(actor.name), "portfolio", suffix)))
