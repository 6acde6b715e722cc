"""The list of accounts, with search and filters."""

from __future__ import annotations

from flask import render_template, request, url_for

from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.core.database import db
from roadmap.core.limiter import limit_searches
from roadmap.core.text import clean_line
from roadmap.core.web import page_number
from roadmap.people.permissions import permit

MAX_SEARCH_LENGTH = 200


@admin.get("/admin/people")
@permit("admin.read")
@limit_searches
def people() -> str:
    q = clean_line(request.args.get("q"))[:MAX_SEARCH_LENGTH]
    group = request.args.get("show", "")
    group = group if group in queries.GROUPS else ""
    found = queries.list_accounts(db.session, q=q, group=group, page=page_number())

    def address(page: int) -> str:
        wanted = {"q": q, "show": group, "page": page if page > 1 else ""}
        return url_for("admin.people", **{name: value for name, value in wanted.items() if value})  # type: ignore[arg-type]

    return render_template(
        "admin/people.html",
        people=found,
        q=q,
        group=group,
        previous=address(found.page - 1) if found.page > 1 else None,
        following=address(found.page + 1) if found.page < found.pages else None,
    )
