"""Count the rows that an erasure would delete, and those that other people keep."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.gettext_noop import ngettext_noop
from roadmap.core.i18n import ngettext
from roadmap.core.types import Base

# Table, column with the person's id, and text for the number of rows.
DELETED_TABLES = (
    ("evidence", "user_id",
     ngettext_noop("%(num)d piece of evidence", "%(num)d pieces of evidence")),
    ("evidence_file", "user_id", ngettext_noop("%(num)d file", "%(num)d files")),
    ("milestone_status", "user_id",
     ngettext_noop("the status of %(num)d milestone", "the status of %(num)d milestones")),
    ("portfolio_link", "user_id", ngettext_noop("%(num)d public link", "%(num)d public links")),
    ("api_token", "user_id", ngettext_noop("%(num)d API token", "%(num)d API tokens")),
)  # fmt: skip
# Rows of other people, who keep them.
RETAINED_TABLES = (
    ("review", "reviewer_id",
     ngettext_noop("%(num)d review that you gave", "%(num)d reviews that you gave")),
    ("assessment", "assessor_id",
     ngettext_noop("%(num)d assessment of others", "%(num)d assessments of others")),
    ("evidence_comment", "author_id",
     ngettext_noop("%(num)d comment on the work of others",
                   "%(num)d comments on the work of others")),
)  # fmt: skip


def describe_rows(
    session: Session, user_id: uuid.UUID, tables: Sequence[tuple[str, str, tuple[str, str]]]
) -> list[str]:
    """Return a text for each place in which the person has rows, using one statement."""
    counts = []
    for name, column, _words in tables:
        rows = Base.metadata.tables[name]
        theirs = rows.c[column] == user_id
        if column != "user_id":
            theirs &= rows.c.user_id != user_id
        query = sa.select(sa.func.count()).select_from(rows).where(theirs)
        counts.append(query.scalar_subquery())
    numbers = session.execute(sa.select(*counts)).one()
    texts = zip(tables, numbers, strict=True)
    return [ngettext(*words, number) for (_name, _column, words), number in texts if number]
