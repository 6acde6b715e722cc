"""The audit log: who did what, when, and from which address."""

from __future__ import annotations

import uuid

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from roadmap.admin import audit_messages, queries
from roadmap.admin.blueprint import admin
from roadmap.auth.queries import find_user_by_email
from roadmap.core.database import db
from roadmap.core.text import clean_line
from roadmap.people.permissions import permit

MAX_PERSON_LENGTH = 320
# The largest row number that both databases accept.
MAX_ROW_ID = 2**31 - 1


@admin.get("/admin/audit")
@permit("admin.read")
def log() -> str:
    kind = request.args.get("kind", "")
    kind = kind if kind in audit_messages.KINDS else ""
    who = clean_line(request.args.get("person"))[:MAX_PERSON_LENGTH]
    before = request.args.get("before", type=int)
    whose = _find_person_id(db.session, who) if who else None
    entries, cursor = (
        ([], None)
        if who and whose is None
        else queries.list_audit_entries(
            db.session,
            actions=audit_messages.MESSAGES_BY_KIND.get(kind, ()),
            person_id=whose,
            before=None if before is None else min(max(before, 0), MAX_ROW_ID),
        )
    )
    names = queries.load_user_names(db.session, audit_messages.collect_ids(entries))
    wanted = {name: value for name, value in (("kind", kind), ("person", who)) if value}
    return render_template(
        "admin/audit.html",
        lines=audit_messages.render_lines(entries, names),
        kinds=audit_messages.KINDS,
        kind=kind,
        who=who,
        unknown=bool(who) and whose is None,
        newest=url_for("admin.log", **wanted) if before is not None else None,  # type: ignore[arg-type]
        older=url_for("admin.log", **wanted, before=cursor) if cursor else None,  # type: ignore[arg-type]
    )


def _find_person_id(session: Session, who: str) -> uuid.UUID | None:
    """Find the person of the filter by e-mail address, or by id as a person's page links here."""
    try:
        return uuid.UUID(who)
    except ValueError:
        found = find_user_by_email(session, who)
        return found.id if found else None
