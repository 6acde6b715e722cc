"""People: members of the user's teams, and for administrators all accounts."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from roadmap.core.i18n import _l
from roadmap.core.ranking import FIRST_LINE, has_words, rank_in_sql, word_parameters
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import select_teams
from roadmap.people.roles import Capability
from roadmap.search.kind import Hit, Kind, Query


def find(query: Query) -> list[Hit]:
    """Find people by name. Administrators also find accounts by e-mail address."""
    actor, words = query.actor, len(query.words)
    values = {**word_parameters(query.words), "actor": actor.id, "limit": query.limit}
    connection = query.session.connection()
    hits: dict[Any, Hit] = {}
    if Capability.SEE_SHARED in actor.capabilities:
        for row in connection.execute(_in_teams(words), values):
            href = f"/teams/{row.slug}/people/{row.id}"
            hits[row.id] = Hit(row.rank, row.name, href, tuple(sorted(row.teams.split("\n"))))
    if actor.is_admin:
        for row in connection.execute(_accounts(words), values):
            hits.setdefault(
                row.id, Hit(row.rank, row.name, f"/admin/people/{row.id}", (row.email,))
            )
    return sorted(hits.values(), key=lambda hit: hit.rank)[: query.limit]


@cache
def _in_teams(words: int) -> sa.Select[Any]:
    # The first line of `User.search_text` is the name, the second the e-mail address.
    match_rank = rank_in_sql(words, User.search_text, FIRST_LINE)
    actor = sa.bindparam("actor", type_=sa.Uuid)
    people: Any = sa.select(
        User.id,
        User.name,
        sa.func.min(Team.slug).label("slug"),
        sa.func.aggregate_strings(Team.name, "\n").label("teams"),
        match_rank.label("rank"),
    )
    statement: sa.Select[Any] = (
        people.join_from(User, Membership, Membership.user_id == User.id)
        .join(Team, Team.id == Membership.team_id)
        .where(
            Team.id.in_(select_teams(actor, Capability.SEE_SHARED)),
            User.id != actor,
            User.deactivated_at.is_(None),
            has_words(words, first_line_of=User.search_text),
        )
        .group_by(User.id, User.name, User.search_text)
        .order_by(match_rank, User.search_text, User.id)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
    return statement


@cache
def _accounts(words: int) -> sa.Select[Any]:
    match_rank = rank_in_sql(words, User.search_text, FIRST_LINE)
    accounts: Any = sa.select(User.id, User.name, User.email, match_rank.label("rank"))
    statement: sa.Select[Any] = (
        accounts.where(has_words(words, User.search_text))
        .order_by(match_rank, User.search_text, User.id)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
    return statement


KIND = Kind("people", _l("People"), _l("More people"), find)
