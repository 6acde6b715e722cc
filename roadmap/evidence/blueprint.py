"""The blueprint of evidence, and how its pages load an item."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort

from roadmap.core.database import db
from roadmap.evidence.models import Evidence
from roadmap.people import permissions
from roadmap.people.actor import Actor

evidence = Blueprint("evidence", __name__)


def load_own_evidence(actor: Actor, action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load a person's own item for one of their pages; 404 for anybody else.

    A manager may read what is shared (`evidence.read`), but these pages also show what is not:
    unsubmitted edits and the whole history. Managers have the pages of reviews.
    """
    found = permissions.load(db.session, actor, action, Evidence, evidence_id)
    if found.user_id != actor.id:
        abort(404)
    return found
