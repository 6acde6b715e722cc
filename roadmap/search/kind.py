"""The interface of a kind of search results. Each kind has a file in `kinds`."""

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
    """A search result.

    `meta` describes it in a few words, and `day` is its date. The excerpt is from `text`, which is
    Markdown if `is_markdown`, or from one of `details`, further searched texts with their labels.
    """

    rank: int
    title: str
    href: str
    meta: tuple[str | LazyString, ...] = ()
    text: str = ""
    is_markdown: bool = False
    details: tuple[tuple[str | LazyString, str], ...] = ()
    day: PartialDate | None = None

    @property
    def is_text_match(self) -> bool:
        """Return whether a word was found only in the text, not in the title."""
        return self.rank == Rank.TEXT


@dataclass
class Query:
    """A search: the user, the folded words, and the maximum number of hits per kind."""

    session: Session
    actor: Actor
    words: list[str]
    limit: int

    @cached_property
    def roadmaps(self) -> tuple[list[Content], list[Content]]:
        """Return the actor's roadmaps and the others. Cached, because several kinds use them."""
        return own_and_other_roadmaps(self.session, self.actor.id)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of search results. `more` is the text of the link to all results."""

    key: str
    label: LazyString
    more: LazyString
    find: Callable[[Query], list[Hit]]
