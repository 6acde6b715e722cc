"""The files of a piece of evidence are handed out. `routes` takes those that a form sends."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, abort
from flask_login import current_user

from roadmap.core.database import db
from roadmap.evidence.file_download import file_response
from roadmap.evidence.item import Audience
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Evidence
from roadmap.people import permissions
from roadmap.people.permissions import permit

evidence_files = Blueprint("evidence_files", __name__)


@evidence_files.get("/evidence/files")
@permit("evidence.write")
def may_upload() -> Response:
    """Answer 200 to whom files may be sent by; the server asks before it reads a large one."""
    return Response("ok\n", mimetype="text/plain")


@evidence_files.get("/evidence/<uuid:evidence_id>/files/<sha256>")
@permit("evidence.read")
def download(evidence_id: uuid.UUID, sha256: str) -> Response:
    """Hand out a file of a version that the reader sees, to be saved."""
    piece = permissions.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
    audience = Audience.OWNER if piece.user_id == current_user.id else Audience.MANAGER
    item = load_item(db.session, audience, piece.id) or abort(404)
    return file_response(item.find_file(sha256) or abort(404))
