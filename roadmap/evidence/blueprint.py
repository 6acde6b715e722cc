"""The blueprint of evidence, and how its pages load an item."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort
from flask_login import current_user

from roadmap.core.database import db
from roadmap.evidence.models import Evidence
from roadmap.people import permissions

evidence = Blueprint("evidence", __name__)


def load_own_evidence(action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load a person's own item for one of their pages; 404 for anybody else.

    A manager may read what is shared (`evidence.read`), but these pages also show what is not:
    unsubmitted edits and the whole history. Managers have the pages of reviews.
    """
    found = permissions.load(db.session, current_user, action, Evidence, evidence_id)
    if found.user_id != current_user.id:
        abort(404)
    return found
