"""The page of the roadmaps of this installation."""

from __future__ import annotations

from flask import render_template

from roadmap.admin import audit_messages
from roadmap.admin.blueprint import admin
from roadmap.admin.queries import find_last_load
from roadmap.admin.roadmap_list import list_roadmaps
from roadmap.core.database import db
from roadmap.people.permissions import permit


@admin.get("/admin/roadmaps")
@permit("admin.read")
def roadmap_list() -> str:
    """Show each roadmap, where it comes from, and what became of the last load of files."""
    last = find_last_load(db.session)
    return render_template(
        "admin/roadmaps.html",
        roadmaps=list_roadmaps(db.session),
        last=last,
        said=audit_messages.render_lines([last], {})[0][1] if last else "",
    )
