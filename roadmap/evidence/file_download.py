"""Serve stored files as downloads. They are never displayed, so no content runs on our origin."""

from __future__ import annotations

import logging

from flask import Response, request, send_file

from roadmap.core.errors import render_error
from roadmap.core.file_store import file_store
from roadmap.core.i18n import _
from roadmap.evidence.item import File

log = logging.getLogger(__name__)
# In case a browser displays the file anyway.
CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


def file_response(file: File) -> Response:
    """Return a response that streams a file as a download.

    If its content is missing or damaged, log that and return a 404 page.
    """
    if request.if_none_match.contains(file.sha256):
        response = Response(status=304)
    else:
        try:
            content = file_store().open(file.sha256)
        except FileNotFoundError:
            # This happens after restoring a backup that does not contain the file.
            log.error(
                "a file of evidence is missing or damaged in the data folder: %s", file.sha256
            )
            return render_error(
                404,
                _(
                    "The content of “%(name)s” is missing or damaged on this server.",
                    name=file.name,
                ),
                _("Ask the operator of this server to restore it from a backup."),
            )
        response = send_file(
            content,
            mimetype=file.media_type,
            as_attachment=True,
            download_name=file.name,
            conditional=False,
            etag=False,
        )
        response.content_length = file.size
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    # Revalidate on every request, because the reader may lose access.
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(file.sha256)
    return response
