"""The blueprint of this room, and how its pages find a piece."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort
from flask_login import current_user

from roadmap.core.database import db
from roadmap.evidence.models import Evidence
from roadmap.people import permissions

evidence = Blueprint("evidence", __name__)


def load_own_evidence(action: str, evidence_id: uuid.UUID) -> Evidence:
    """The piece with this id for one of its author's own pages; 404 for anybody else.

    A manager may read what is shared (`evidence.read`), but these pages show notes of the author,
    links to edit and a history: what a reviewer sees stands on pages of its own.
    """
    found = permissions.load(db.session, current_user, action, Evidence, evidence_id)
    if found.user_id != current_user.id:
        abort(404)
    return found
