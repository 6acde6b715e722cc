"""The page of credentials."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import current_user

from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.credentials import queries
from roadmap.evidence import labels
from roadmap.people.permissions import permit

credentials = Blueprint("credentials", __name__)


@credentials.get("/credentials")
@permit("credential.read")
def overview() -> str:
    today = current_user.today(now())
    return render_template(
        "credentials/credentials.html",
        content=queries.credential_content(),
        own=queries.own_certifications(db.session, current_user.id, today),
        counts=queries.own_kinds(db.session, current_user.id),
        labels=labels,
    )
