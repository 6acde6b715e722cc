"""The read model of a portfolio. Pure.

The code that builds a `Document` decides what is shown: the chosen items that are public now,
redacted where their author redacted them, and nothing of a hidden section. Export formats, the
preview and the public page render all of it, section by section in the order of
`Document.sections`. The name of a portfolio is private to its owner and not included. Texts other
than Markdown are single lines, see `clean_texts`.
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

# A "redacted" item is verified, but readers see a text that no one reviewed.
Tone = Literal["unverified", "verified", "redacted", "lapsed"]


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
    """A skill with its latest level, 1 to 4, and the level that the role requires (`bar`).

    `assessor` is the manager's name, with a note if the person gave them their role or a script
    assessed on their behalf. `is_old` is true for an outdated assessment.
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
    """A profile on an external site. `network` is a key of `profiles.NETWORKS`.

    `title` is the name of the network. `username` is the account, or a website's address without
    the scheme. `url` is https, or http for a website, and safe to link to.
    """

    network: str
    title: str
    username: str
    url: str


@dataclass(slots=True, unsafe_hash=True, kw_only=True)
class DocumentItem(Content):
    """A piece of evidence as readers of a portfolio see it.

    - `verified_for`: titles of the confirmed milestones, with the confirmed wording if it has
      changed since, and with the reviewer if they differ
    - `linked_to`: titles of other linked milestones that the author has done
    - `witnessed`, `also_witnessed`: statements of witnesses about `linked_to` and `verified_for`
    - `verified_by`, `verified_on`: None if the item is not verified; `verified_on` is also None if
      `verified_for` has the dates
    - `verified_title`: the title that was verified, if the current title is another one
    - `verifiers`: keys of all people who verified the item
    - `badges`: the URL of the signed badge, if there is one and the item has not lapsed
    - `reviewed_elsewhere`: who reviewed this version in another installation and when, according to
      an archive that the author imported; empty if the item is verified here
    - `is_draft`: somebody could review the item, but the author has not submitted it
    - `newer_since`: the date since which a newer version has been awaiting review; nothing else of
      that version is shown
    - `impacts`: only complete ones

    A redacted item has a title and description that the author wrote for readers who may not see
    the original. No reviewer judged that wording; the verification applies to the original. Link,
    role, issuer, files, `verified_title`, `reviewed_elsewhere`, witness statements and sources of
    impacts are empty, and so are impacts unless the author shows them. Its `id` is unique to the
    portfolio, so that the original cannot be found by it.
    """

    occurred_on: PartialDate
    id: str
    title: str
    kind_label: str
    verified_for: tuple[str, ...] = ()
    linked_to: tuple[str, ...] = ()
    witnessed: tuple[str, ...] = ()
    also_witnessed: tuple[str, ...] = ()
    reviewed_elsewhere: tuple[str, ...] = ()
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
    """A portfolio of a person on a given day.

    `sections` are the visible keys of `sections.SECTIONS` in the author's order; fields of hidden
    sections are empty. The section of `introduction_md` is "introduction", that of
    `verified_impacts` "results", of `items` "evidence", of `positions` "experience", of `degrees`
    "education", and of `skills` "skills". Name, headline, email and profiles precede all sections.

    `email` is None unless the person shows it. `profiles` are those that the person chose for this
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
        """Return the sections in order, with "account" before the first one about evidence.

        The account is the summary of how much of the evidence is verified.
        """
        found = list(self.sections)
        about = [found.index(key) for key in ("results", "evidence") if key in found]
        if about:
            found.insert(min(about), "account")
        return found

    @property
    def verified(self) -> int:
        """Return the number of items whose text is verified and has not lapsed."""
        return sum(item.tone == "verified" for item in self.items)

    @property
    def redacted(self) -> int:
        """Return the number of items that are verified in full and redacted here."""
        return sum(item.tone == "redacted" for item in self.items)

    @property
    def lapsed(self) -> int:
        return sum(item.tone == "lapsed" for item in self.items)

    def count_verifiers(self, tone: Tone) -> int:
        """Return the number of people who verified the items of this tone."""
        found = (item for item in self.items if item.tone == tone)
        return len({each for item in found for each in item.verifiers or {item.verified_by or ""}})

    @property
    def verified_impacts(self) -> tuple[tuple[DocumentItem, Impact], ...]:
        """Return the complete impacts of verified items, in order; empty if results are hidden.

        A redacted item shows its impacts as they were reviewed, or none.
        """
        if "results" not in self.sections:
            return ()
        return tuple(_impacts(item for item in self.items if item.tone in ("verified", "redacted")))


# Fields with Markdown, which keep their line breaks.
MARKDOWN = ("introduction_md", "summary", "description")


def clean_texts(value: Any) -> Any:
    """Return the value with every text field other than Markdown cleaned to a single line."""
    if type(value) is str:
        return clean_line(value)
    if isinstance(value, tuple):
        return tuple(map(clean_texts, value))
    if is_dataclass(value) and not isinstance(value, type):
        names = (each.name for each in fields(value) if each.name not in MARKDOWN)
        return replace(value, **{name: clean_texts(getattr(value, name)) for name in names})
    return value


def _impacts(items: Iterable[DocumentItem]) -> Iterable[tuple[DocumentItem, Impact]]:
    return ((item, impact) for item in items for impact in item.impacts if impact.is_complete)
