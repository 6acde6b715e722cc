"""What a kind of search result is. Each has a file in `kinds`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.core.ranking import Rank
from roadmap.people.actor import Actor
from roadmap.progress.queries import own_and_other_roadmaps

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: how well it answers the search, and what its line says.

    `meta` says what it is in a few words, and `text` is what else was searched, of which the line
    shows an excerpt; `day` is when it happened.
    """

    rank: int
    title: str
    href: str
    meta: tuple[str | LazyString, ...] = ()
    text: str = ""
    day: PartialDate | None = None

    @property
    def is_by_text(self) -> bool:
        """Return whether the title alone does not answer the search."""
        return self.rank == Rank.TEXT


@dataclass
class Query:
    """A search: who searches, the folded words, and how many hits of a kind at most."""

    session: Session
    actor: Actor
    words: list[str]
    most: int

    @cached_property
    def roadmaps(self) -> tuple[list[Content], list[Content]]:
        """Return the actor's roadmaps and the others, which several kinds look through."""
        return own_and_other_roadmaps(self.session, self.actor.id)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of result, and what finds it.

    `more` is the link to all of them.
    """

    key: str
    label: LazyString
    more: LazyString
    find: Callable[[Query], list[Hit]]
