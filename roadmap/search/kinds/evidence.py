"""Evidence: the user's own, and evidence shared with the user."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from roadmap.core.i18n import _l
from roadmap.core.ranking import has_words, rank_in_sql, word_parameters
from roadmap.evidence import labels
from roadmap.evidence.audience_sql import is_visible, newest_version_id
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.people.models import User
from roadmap.people.reach import select_people
from roadmap.people.roles import Capability
from roadmap.search.kind import Hit, Kind, Query


def find(query: Query) -> list[Hit]:
    """Find the actor's own evidence in any state, and evidence shared with the actor."""
    actor, words = query.actor, len(query.words)
    values = {**word_parameters(query.words), "actor": actor.id, "limit": query.limit}
    # Select columns, because building ORM statements takes longer than the query itself.
    connection = query.session.connection()
    rows = list(connection.execute(_own(words), values))
    if Capability.SEE_SHARED in actor.capabilities:
        rows += connection.execute(_shared(words), values)
        # The sort is stable: at equal ranks, own evidence comes first, then the newest.
        rows.sort(key=lambda row: row.rank)
    return [
        Hit(
            row.rank,
            row.title,
            f"/reviews/{row.id}" if row.author else f"/evidence/{row.id}",
            (*([row.author] if row.author else []), labels.kind_label(row.kind)),
            row.description,
            is_markdown=True,
            details=(
                (_l("Their role") if row.author else labels.FIELDS["role"], row.role),
                (labels.FIELDS["issuer"], row.issuer),
            ),
            day=row.occurred_on,
        )
        for row in rows[: query.limit]
    ]


@cache
def _own(words: int) -> sa.Select[Any]:
    return _select(words, Audience.OWNER, sa.literal("")).where(
        Evidence.user_id == sa.bindparam("actor"),
        has_words(words, Evidence.search_text, EvidenceVersion.search_text),
    )


@cache
def _shared(words: int) -> sa.Select[Any]:
    people = select_people(sa.bindparam("actor"), Capability.SEE_SHARED)
    return (
        _select(words, Audience.MANAGER, User.name)
        .join(User, User.id == Evidence.user_id)
        .where(
            Evidence.user_id.in_(people),
            is_visible(Audience.MANAGER),
            # The first line is the author's name.
            has_words(
                words,
                Evidence.search_text,
                EvidenceVersion.search_text,
                first_line_of=User.search_text,
            ),
        )
    )


def _select(words: int, audience: Audience, author: Any) -> sa.Select[Any]:
    """Select evidence with the visible version, title matches first."""
    match_rank = rank_in_sql(words, Evidence.search_text)
    statement: sa.Select[Any] = (
        sa.select(
            Evidence.id,
            Evidence.title,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            EvidenceVersion.description,
            EvidenceVersion.role,
            EvidenceVersion.issuer,
            author.label("author"),
            match_rank.label("rank"),
        )
        .select_from(Evidence)
        .join(EvidenceVersion, EvidenceVersion.id == newest_version_id(audience))
        .order_by(match_rank, EvidenceVersion.occurred_on.desc(), Evidence.id.desc())
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
    return statement


KIND = Kind("evidence", _l("Evidence"), _l("More evidence"), find)
