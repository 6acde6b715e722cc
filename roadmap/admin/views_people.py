"""Everybody with an account: searched, filtered, page by page."""

from __future__ import annotations

from flask import render_template, request, url_for

from roadmap.accounts.forms import one_line
from roadmap.admin import queries
from roadmap.admin.blueprint import admin
from roadmap.core.database import db
from roadmap.core.limiter import limit_searches
from roadmap.people.access import permit

LONGEST_SEARCH = 200
# Nobody turns so many pages; a larger number would be none that a database knows.
MOST_PAGES = 1_000_000


@admin.get("/admin/people")
@permit("admin.read")
@limit_searches
def people() -> str:
    q = (one_line(request.args.get("q")) or "")[:LONGEST_SEARCH]
    group = request.args.get("show", "")
    group = group if group in queries.GROUPS else ""
    asked = request.args.get("page", 1, type=int)
    found = queries.people(db.session, q=q, group=group, page=min(max(asked, 1), MOST_PAGES))

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
