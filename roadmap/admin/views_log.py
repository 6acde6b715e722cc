"""The audit log: who did what, when, and where it matters from where."""

from __future__ import annotations

import uuid

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from roadmap.accounts.queries import by_email
from roadmap.admin import queries, sentences
from roadmap.admin.blueprint import admin
from roadmap.core.database import db
from roadmap.core.text import one_line
from roadmap.people.access import permit

LONGEST_WHO = 320
# What both databases take for the number of a row.
MOST = 2**31 - 1


@admin.get("/admin/audit")
@permit("admin.read")
def log() -> str:
    kind = request.args.get("kind", "")
    kind = kind if kind in sentences.KINDS else ""
    who = one_line(request.args.get("person"))[:LONGEST_WHO]
    before = request.args.get("before", type=int)
    whose = _person(db.session, who) if who else None
    entries, cursor = (
        ([], None)
        if who and whose is None
        else queries.log(
            db.session,
            actions=sentences.actions_of(kind) if kind else (),
            person_id=whose,
            before=None if before is None else min(max(before, 0), MOST),
        )
    )
    names = queries.names(db.session, sentences.people_in(entries))
    wanted = {name: value for name, value in (("kind", kind), ("person", who)) if value}
    return render_template(
        "admin/audit.html",
        lines=sentences.lines(entries, names),
        kinds=sentences.KINDS,
        kind=kind,
        who=who,
        unknown=bool(who) and whose is None,
        newest=url_for("admin.log", **wanted) if before is not None else None,  # type: ignore[arg-type]
        older=url_for("admin.log", **wanted, before=cursor) if cursor else None,  # type: ignore[arg-type]
    )


def _person(session: Session, who: str) -> uuid.UUID | None:
    """Whom the filter names: by e-mail address, or by id as the page of a person links here."""
    try:
        return uuid.UUID(who)
    except ValueError:
        found = by_email(session, who)
        return found.id if found else None
