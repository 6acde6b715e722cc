"""The first page of administration: is it safe and backed up?"""

from __future__ import annotations

from flask import current_app, render_template

from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.core.database import db, describe_database, schema_is_current
from roadmap.core.web import now
from roadmap.mail import transport
from roadmap.people.permissions import permit


@admin.get("/admin")
@permit("admin.read")
def overview() -> str:
    return render_template(
        "admin/overview.html",
        figures=queries.load_overview(db.session, now=now()),
        database=describe_database(),
        is_current=schema_is_current(),
        mails=transport.is_configured(),
        address=current_app.config["BASE_URL"],
        today=now().date(),
    )
