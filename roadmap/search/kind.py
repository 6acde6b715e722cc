"""What a kind of search result is. Each has a file in `kinds`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.people.actor import Actor


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: how well it answers the search, and what its line says.

    `meta` says what it is in a few words, `text` in a sentence; `day` is when it happened.
    """

    rank: int
    title: str
    href: str
    meta: tuple[str, ...] = ()
    text: str = ""
    day: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of result. `find` takes who searches, folded words, and how many hits at most.

    `more` is the link to all of them.
    """

    key: str
    label: LazyString
    more: LazyString
    find: Callable[[Session, Actor, list[str], int], list[Hit]]
