"""The first page of administration: is it safe, backed up, ours?"""

from __future__ import annotations

from flask import current_app, render_template

from roadmap.accounts import mail
from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.core.database import db, describe, schema_is_current
from roadmap.core.web import now
from roadmap.people.access import permit


@admin.get("/admin")
@permit("admin.read")
def overview() -> str:
    return render_template(
        "admin/overview.html",
        figures=queries.overview(db.session, now=now()),
        database=describe(),
        is_current=schema_is_current(),
        mails=mail.is_configured(),
        address=current_app.config["BASE_URL"],
        today=now().date(),
    )
