"""Limits on request sizes, and the paths that accept file uploads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Limit for a request without files.
MAX_BODY_BYTES = 1_000_000
MAX_FILE_BYTES = 25_000_000
# Limit for all files of a form together with its other fields.
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + MAX_BODY_BYTES
# Maximum number of fields and files in a form.
MAX_PARTS = 600
MULTIPART = "multipart/form-data"
# WSGI key of a permission probe: a list to which the view appends the sender's id.
SENDER_KEY = "roadmap.sender"
# WSGI key of a request whose body the gateway did not read: the status to answer with.
UNREAD_KEY = "roadmap.unread"

_ID = "[0-9a-f-]{36}"
# The evidence form, its buttons' requests, the upload of single files, and the archive import.
_UPLOAD_PATH = re.compile(
    rf"/evidence(?:/(?:files|preview|impacts|milestones|{_ID}))?"
    rf"|/api/v1/me/evidence/{_ID}/files"
    r"|/account/archive/imports"
)
# Paths that return 200 only to users who may upload files.
_PAGE_PROBE, _API_PROBE = "/evidence/files", "/api/v1/me"


def is_upload(environ: Mapping[str, Any]) -> bool:
    """Return whether a request with this WSGI environment may upload files."""
    return (
        environ.get("REQUEST_METHOD") in ("POST", "PUT")
        and str(environ.get("CONTENT_TYPE", "")).lower().startswith(MULTIPART)
        and _UPLOAD_PATH.fullmatch(environ.get("PATH_INFO", "")) is not None
    )


def probe_path(environ: Mapping[str, Any]) -> str:
    """Return the path to probe whether the sender may upload files."""
    return _API_PROBE if environ.get("PATH_INFO", "").startswith("/api/") else _PAGE_PROBE
