"""The archive as an HTTP response."""

from __future__ import annotations

import datetime as dt

from flask import Response, current_app

from roadmap.archive.export import write_archive
from roadmap.auth.request_audit import audit_download
from roadmap.core.database import db
from roadmap.core.file_store import temporary_file
from roadmap.core.limiter import export_slot
from roadmap.core.proxy import public_base_url
from roadmap.core.web import send_attachment
from roadmap.people.actor import Actor

MIME_TYPE = "application/zip"


def archive_response(actor: Actor, *, now: dt.datetime) -> Response:
    """Write the actor's archive to a private temporary file and return it as a download.

    Ends the request's transaction, so that none is open during the download. Raises TooBusy.
    """
    user_id, name = actor.id, f"cairn-archive-{actor.today(now)}.zip"
    db.session.rollback()
    zip_file = temporary_file(current_app.config["DATA_DIR"])
    with export_slot():
        rows = write_archive(zip_file, user_id, instance=public_base_url(), now=now)
    audit_download(by=user_id, action="archive.exported", target=str(user_id), rows=rows)
    response = send_attachment(zip_file, MIME_TYPE, name)
    response.headers["Cache-Control"] = "no-store"
    return response
