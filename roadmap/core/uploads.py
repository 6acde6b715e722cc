"""Which requests may bring files, and how large a request may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Of a request without files.
MAX_BODY_BYTES = 1_000_000
MAX_FILE_BYTES = 25_000_000
# The files of a form, together, with its other fields.
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + MAX_BODY_BYTES
# The fields of a form, with its files.
MAX_PARTS = 600
MULTIPART = "multipart/form-data"
# In the environment of a probe: a list, which gets the id of who would send the files.
SENDER = "roadmap.sender"

_ID = "[0-9a-f-]{36}"
# The form of a piece of evidence, the requests of its buttons, those of its files alone, and that
# of an archive to be imported.
_UPLOAD_PATH = re.compile(
    rf"/evidence(?:/(?:files|preview|impacts|milestones|{_ID}))?"
    rf"|/api/v1/me/evidence/{_ID}/files"
    r"|/account/archive/imports"
)
# Addresses without a body that answer 200 to whom files may be sent by, and to nobody else.
_PAGE_PROBE, _API_PROBE = "/evidence/files", "/api/v1/me"


def is_upload(environ: Mapping[str, Any]) -> bool:
    """Return whether a request of this WSGI environment may bring files."""
    return (
        environ.get("REQUEST_METHOD") in ("POST", "PUT")
        and str(environ.get("CONTENT_TYPE", "")).lower().startswith(MULTIPART)
        and _UPLOAD_PATH.fullmatch(environ.get("PATH_INFO", "")) is not None
    )


def probe_path(environ: Mapping[str, Any]) -> str:
    """Return the address that tells whether the sender of an upload may send one."""
    return _API_PROBE if environ.get("PATH_INFO", "").startswith("/api/") else _PAGE_PROBE
