"""A portfolio as values. Pure.

The code that builds a `Document` decides what is shown: the pieces that were chosen and that anyone
may see now, redacted where their author redacted them, and nothing of a hidden section. Export
formats, the preview and the public page write all of it, section by section in the order of
`Document.sections`. The name that its owner gave a portfolio is for the owner and not in it. Texts
that are no Markdown are clean lines, see `cleaned`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal

from roadmap.core.dates import PartialDate
from roadmap.core.text import clean_line
from roadmap.evidence.item import Content, Impact
from roadmap.portfolio.sections import SECTIONS

Tone = Literal["unverified", "verified", "lapsed"]


@dataclass(frozen=True, slots=True)
class Position:
    """A job. `ended_on` is None for the current one; `summary` is Markdown."""

    title: str
    employer: str
    started_on: PartialDate
    ended_on: PartialDate | None = None
    is_ml: bool = False
    summary: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Degree:
    """A finished degree. `level` is bachelor, master, doctorate or other."""

    level: str
    field: str = ""
    institution: str = ""
    awarded_on: PartialDate | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill with its latest level, 1 to 4, and the level that the role asks for (`bar`).

    `assessor` is the name of the manager, marked where the person gave them their role or a script
    assessed for them, `is_old` tells that the assessment is marked as old.
    """

    title: str
    group: str
    level: int
    level_text: str
    bar: int
    assessed_by: Literal["self", "manager"]
    assessor: str = ""
    assessed_on: dt.date | None = None
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """A page of the person elsewhere. `network` is a key of `profiles.NETWORKS`.

    `title` names the network, `username` the account in it (of a website, its address without the
    scheme). `url` is https, or http for a website, and safe to link to.
    """

    network: str
    title: str
    username: str
    url: str


@dataclass(slots=True, unsafe_hash=True, kw_only=True)
class DocumentItem(Content):
    """The content of a piece of evidence, and what a reader sees besides.

    `verified_for` (milestones that were confirmed for it, with the wording that was confirmed where
    it has changed, and by whom where that differs), `linked_to` (other milestones that its author
    has done) and `skills` are titles; `witnessed` says who saw which of those linked met, in their
    words, `also_witnessed` which of those verified. `verified_by` and `verified_on` are None where
    the item is not verified, `verified_on` also where `verified_for` has the days. `verified_title`
    is the title under which it was verified where it has another one now; `verifiers` stand for all
    who verified it.
    `badges` is the address of its signed badge, where it has one and has not lapsed.
    `is_draft` says that somebody could review it, and its author has not asked. `newer_since` is
    the day since which a newer version than the verified one awaits review: all that is said of it.
    `impacts` are the complete ones.

    Where `is_redacted`, the author wrote title and description for readers who may not see the
    piece itself, and no reviewer judged that wording: what was verified is the piece behind it.
    Link, role, issuer, files, `verified_title`, words of witnesses and the sources of impacts are
    empty then, impacts as well unless the author shows them, and `id` is one of this portfolio
    alone, so that nobody finds the piece by it elsewhere.
    """

    occurred_on: PartialDate
    id: str
    title: str
    kind_label: str
    verified_for: tuple[str, ...] = ()
    linked_to: tuple[str, ...] = ()
    witnessed: tuple[str, ...] = ()
    also_witnessed: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    tone: Tone = "unverified"
    is_draft: bool = False
    verified_by: str | None = None
    verified_on: dt.date | None = None
    verified_title: str | None = None
    newer_since: dt.date | None = None
    verifiers: frozenset[str] = frozenset()
    is_redacted: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A portfolio of a person on a day.

    `sections` are the keys of `sections.SECTIONS` that are shown, in the author's order; what
    belongs to another one is empty here. `introduction_md` is "introduction", `verified_impacts`
    "results", `items` "evidence", `positions` "experience", `degrees` "education", `skills`
    "skills". Name, headline, email and profiles come before all of them.

    `email` is None unless they chose to show it; `profiles` are those that they chose for this
    portfolio, in the order of `profiles.NETWORKS`.
    """

    name: str
    generated_on: dt.date
    id: str = ""
    email: str | None = None
    profiles: tuple[Profile, ...] = ()
    sections: tuple[str, ...] = tuple(SECTIONS)
    headline: str = ""
    introduction_md: str = ""
    roadmap_title: str | None = None
    positions: tuple[Position, ...] = ()
    degrees: tuple[Degree, ...] = ()
    skills: tuple[Skill, ...] = ()
    items: tuple[DocumentItem, ...] = ()
    locale: str = "en"

    @property
    def parts(self) -> list[str]:
        """Return the sections in their order, and "account" before the first that it is about.

        It says how much of the evidence is verified, and stands wherever evidence is shown.
        """
        found = list(self.sections)
        about = [found.index(key) for key in ("results", "evidence") if key in found]
        if about:
            found.insert(min(about), "account")
        return found

    @property
    def verified(self) -> int:
        """Return how many pieces a named person has verified that have not lapsed."""
        return sum(item.tone == "verified" for item in self.items)

    @property
    def lapsed(self) -> int:
        return sum(item.tone == "lapsed" for item in self.items)

    @property
    def verifiers(self) -> int:
        """Return by how many people the verified pieces were verified."""
        verified = (item for item in self.items if item.tone == "verified")
        return len(
            {each for item in verified for each in item.verifiers or {item.verified_by or ""}}
        )

    @property
    def verified_impacts(self) -> tuple[tuple[DocumentItem, Impact], ...]:
        """Return the complete impacts of verified pieces, in order; none where they are hidden."""
        if "results" not in self.sections:
            return ()
        return tuple(_impacts(item for item in self.items if item.tone == "verified"))


# Their texts have several lines.
MARKDOWN = ("introduction_md", "summary", "description")


def cleaned(value: Any) -> Any:
    """Return values in which each text that is no Markdown is a single line without oddities."""
    if type(value) is str:
        return clean_line(value)
    if isinstance(value, tuple):
        return tuple(map(cleaned, value))
    if is_dataclass(value) and not isinstance(value, type):
        names = (each.name for each in fields(value) if each.name not in MARKDOWN)
        return replace(value, **{name: cleaned(getattr(value, name)) for name in names})
    return value


def _impacts(items: Iterable[DocumentItem]) -> Iterable[tuple[DocumentItem, Impact]]:
    return ((item, impact) for item in items for impact in item.impacts if impact.complete)
