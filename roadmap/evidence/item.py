"""The read model of evidence: items, versions, impacts, links and their visibility. Pure.

All packages read evidence as these values. `loader` loads them, and `audience_sql` implements the
same visibility rules for queries.

Values are never changed after construction. They are not frozen dataclasses because constructing
those takes seven times as long, and every ticked milestone constructs a thousand of them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from roadmap.core.dates import PartialDate
from roadmap.core.gettext_noop import N_
from roadmap.core.link_secrets import strip_secrets
from roadmap.core.text import contains_number
from roadmap.evidence.constants import SHARED_STATES

if TYPE_CHECKING:
    from roadmap.catalog.wording import Wording


class Audience(Enum):
    """Who reads evidence: its owner, the managers of the owner, or anyone with the portfolio."""

    OWNER = "owner"
    MANAGER = "manager"
    PUBLIC = "public"


def _text(label: str, max_length: int) -> str:
    """Declare a text field with the label and maximum length used by forms, API and rules."""
    text: str = field(default="", metadata={"label": label, "max_length": max_length})
    return text


@dataclass(slots=True, unsafe_hash=True)
class Impact:
    """A measured effect. `type` is scale, business or team."""

    type: str
    metric: str = _text(N_("Metric"), 200)
    baseline: str = _text(N_("Before"), 100)
    result: str = _text(N_("After"), 100)
    unit: str = _text(N_("Unit"), 60)
    source_url: str = _text(N_("Source link"), 2_000)

    @property
    def has_content(self) -> bool:
        """Return whether any field other than the type is filled in."""
        return bool(self.metric or self.baseline or self.result or self.unit or self.source_url)

    @property
    def is_complete(self) -> bool:
        """Return whether the impact counts: it has a metric, a unit and a numeric result."""
        return bool(self.metric.strip() and self.unit.strip()) and self.has_result

    @property
    def has_result(self) -> bool:
        return contains_number(self.result)

    @property
    def has_baseline(self) -> bool:
        return contains_number(self.baseline)

    @property
    def baseline_with_unit(self) -> str:
        return _with_unit(self.baseline, self.unit)

    @property
    def change(self) -> str:
        """Return the change, such as "420 → 180 ms", or only the result without a baseline."""
        after = self.result_with_unit
        before = self.baseline_with_unit if self.unit.startswith("%") else self.baseline
        return f"{before} → {after}".strip() if before else after

    @property
    def result_with_unit(self) -> str:
        return _with_unit(self.result, self.unit)


@dataclass(slots=True, unsafe_hash=True)
class File:
    """A file of a version, with its owner's file name. `media_type` is detected from content."""

    sha256: str
    name: str
    size: int
    media_type: str


def _with_unit(value: str, unit: str) -> str:
    """Append the unit to a value, unless the value already ends with it."""
    before = value.casefold().removesuffix(unit.casefold())
    if not (value and unit) or (len(before) < len(value.casefold()) and not before[-1:].isalpha()):
        return value
    return f"{value}{unit}" if unit.startswith("%") else f"{value}\N{NO-BREAK SPACE}{unit}"


@dataclass(slots=True, unsafe_hash=True)
class Content:
    """The versioned content of an item, which is what a review judges.

    Title, visibility, links and skills belong to the item instead. A certificate's issuer and dates
    are content, so that the expiry of a verified certificate cannot be changed afterwards.
    """

    kind: str = field(metadata={"label": N_("Kind")})
    occurred_on: PartialDate | None = field(metadata={"label": N_("Date")})
    url: str = _text(N_("Link"), 2_000)
    description: str = _text(N_("Description"), 20_000)
    role: str = _text(N_("Your role"), 2_000)
    issuer: str = _text(N_("Issuer"), 200)
    issued_on: PartialDate | None = field(default=None, metadata={"label": N_("Issued on")})
    expires_on: PartialDate | None = field(default=None, metadata={"label": N_("Expires on")})
    impacts: tuple[Impact, ...] = field(default=(), metadata={"label": N_("Impact")})
    files: tuple[File, ...] = field(default=(), metadata={"label": N_("Files")})


CONTENT_FIELDS = tuple(each.name for each in fields(Content))
CONTENT_COLUMNS = tuple(name for name in CONTENT_FIELDS if name not in ("impacts", "files"))
CONTENT_TEXTS = tuple(each.name for each in fields(Content) if "max_length" in each.metadata)
# Texts without dedicated markup: the form, the API and exports list them by label.
LABELLED_TEXTS = tuple(
    name for name in CONTENT_TEXTS if name not in ("url", "description", "role", "issuer")
)


@dataclass(slots=True, unsafe_hash=True)
class Version(Content):
    """One version of the content; `number` starts at 1. A submitted version never changes.

    `drafted_by` is the name of the token that wrote it, or '' once its owner edited or accepted it.
    """

    occurred_on: PartialDate
    id: uuid.UUID = field(kw_only=True)
    number: int = field(kw_only=True)
    submitted_at: dt.datetime | None = field(kw_only=True)
    created_at: dt.datetime = field(kw_only=True)
    drafted_by: str = field(default="", kw_only=True)

    @property
    def content(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in CONTENT_FIELDS}


@dataclass(slots=True, unsafe_hash=True)
class Link:
    """A linked milestone.

    `confirmed` means that the verified version is confirmed for it and that its kind proves it.
    `left_out_by` is the name of the reviewer who verified the item but left this milestone out, or
    '', and `left_out_by_id` their account if it still exists. `review_id`, `verified_by` and
    `verified_by_id` identify the review that confirmed it and its reviewer, and `basis` is the
    basis of that review. `added_by_author` means that the reviewer's role was given by the author,
    `by_token` that a script reviewed. `taken_back_by` and `taken_back_by_id` identify the reviewer
    of a withdrawn review that left it out. `confirmed_wording` is the milestone's wording when it
    was confirmed, if that has changed since.
    """

    key: str
    confirmed: bool
    title: str
    linked_at: dt.datetime
    left_out_by: str = ""
    left_out_by_id: uuid.UUID | None = None
    review_id: uuid.UUID | None = None
    verified_by: str = ""
    verified_by_id: uuid.UUID | None = None
    basis: str = ""
    added_by_author: bool = False
    by_token: bool = False
    taken_back_by: str = ""
    taken_back_by_id: uuid.UUID | None = None
    confirmed_wording: Wording | None = None

    @property
    def verifier(self) -> str:
        """Return a key of the confirming reviewer for counting: the account id, else the name."""
        return str(self.verified_by_id or self.verified_by)


@dataclass(slots=True, unsafe_hash=True)
class SkillLink:
    """A linked skill."""

    key: str
    title: str


@dataclass(slots=True, unsafe_hash=True)
class Item:
    """A piece of evidence as one audience sees it.

    `versions` holds at least one version, newest first: all that the audience sees, or only those
    needed by `version` and `counted`. `verified_number` is the number of the verified version.
    `counted` is that version, which counts until a newer one is reviewed, else the newest version.
    `verified` means that a link is confirmed, which a review alone does not imply;
    `audience_sql.is_verified` is the same rule in SQL. `links` are in the owner's order.
    """

    id: uuid.UUID
    user_id: uuid.UUID
    title: str
    visibility: str
    state: str
    submitted_at: dt.datetime | None
    created_at: dt.datetime
    updated_at: dt.datetime
    versions: tuple[Version, ...] = field(kw_only=True)
    verified_number: int | None = field(default=None, kw_only=True)
    links: tuple[Link, ...] = field(default=(), kw_only=True)
    skills: tuple[SkillLink, ...] = field(default=(), kw_only=True)
    # Derived from the fields above and computed once, because readiness reads them in loops.
    counted: Version = field(init=False, repr=False, compare=False)
    verified: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.counted = self.versions[0]
        if self.verified_number not in (None, self.counted.number):
            for version in self.versions:
                if version.number == self.verified_number:
                    self.counted = version
        self.verified = any(link.confirmed for link in self.links)

    @property
    def milestones(self) -> tuple[str, ...]:
        return tuple([link.key for link in self.links])

    @property
    def confirmed(self) -> frozenset[str]:
        """Return the keys of the milestones for which the item is confirmed."""
        return frozenset([link.key for link in self.links if link.confirmed])

    @property
    def verifiers(self) -> frozenset[str]:
        """Return the keys of the reviewers who confirmed its links."""
        return frozenset([link.verifier for link in self.links if link.confirmed])

    @property
    def version(self) -> Version:
        """Return the newest version that this audience sees."""
        return self.versions[0]

    @property
    def is_shared(self) -> bool:
        """Return whether the owner's managers see the item."""
        verified = self.verified_number is not None
        return is_visible(self.state, self.visibility, Audience.MANAGER, has_verified=verified)

    def find_file(self, sha256: str) -> File | None:
        """Return a file of a visible version, with its name in the newest one."""
        files = (each for version in self.versions for each in version.files)
        return next((each for each in files if each.sha256 == sha256), None)

    @property
    def is_draft(self) -> bool:
        """Return whether the item is a draft without a verified version."""
        return self.state == "draft" and self.verified_number is None

    @property
    def is_public(self) -> bool:
        """Return whether the item may be shown in the portfolio."""
        return self.visibility == "portfolio"

    def with_counted(self, **changes: Any) -> Item:
        """Return the item with changed content in the version that counts."""
        counted = self.counted
        changed = replace(counted, **changes)
        versions = tuple(changed if each is counted else each for each in self.versions)
        return replace(self, versions=versions)

    def with_link(self, key: str) -> Item:
        """Return the item with an additional, unconfirmed milestone link."""
        link = Link(key, confirmed=False, title="", linked_at=self.updated_at)
        return replace(self, links=(*self.links, link))

    def as_verified(self, milestones: Collection[str]) -> Item:
        """Return the item as if its newest version were verified for these milestones."""
        return replace(
            self,
            state="verified",
            verified_number=self.version.number,
            links=tuple(replace(each, confirmed=each.key in milestones) for each in self.links),
        )

    def has_lapsed(self, today: dt.date) -> bool:
        """Return whether the version that counts has expired; it is valid through its last day."""
        expires_on = self.counted.expires_on
        return expires_on is not None and expires_on.last < today

    def tone(self, today: dt.date) -> str:
        """Return "verified", "evidenced" or "lapsed"."""
        if self.has_lapsed(today):
            return "lapsed"
        return "verified" if self.verified else "evidenced"

    def proves(self, milestone: str, kinds: Collection[str]) -> bool:
        """Return whether the item is confirmed for a milestone that `kinds` of evidence prove."""
        return milestone in self.confirmed and self.counted.kind in kinds

    def confirmed_wording(self, milestone: str) -> Wording | None:
        """Return a milestone's wording when it was confirmed, if that has changed since."""
        return next((each.confirmed_wording for each in self.links if each.key == milestone), None)

    def milestone_tone(self, milestone: str, kinds: Collection[str], today: dt.date) -> str:
        """Return the item's tone for one linked milestone: verified, evidenced or lapsed."""
        if self.has_lapsed(today):
            return "lapsed"
        return "verified" if self.proves(milestone, kinds) else "evidenced"


def draft_item(id_: uuid.UUID, kind: str, day: dt.date) -> Item:
    """Return a minimal draft for hypothetical calculations."""
    at = dt.datetime.combine(day, dt.time(), dt.UTC)
    occurred_on = PartialDate(day)
    version = Version(kind, occurred_on, id=id_, number=1, submitted_at=None, created_at=at)
    return Item(id_, id_, "", "portfolio", "draft", None, at, at, versions=(version,))


def shared_state(state: str, *, has_verified: bool) -> str:
    """Return the state that managers see: verified while an edit of a verified item is a draft."""
    return "verified" if state == "draft" and has_verified else state


def is_visible(state: str, visibility: str, audience: Audience, *, has_verified: bool) -> bool:
    """Return whether an audience sees an item; `has_verified`: whether a version is verified.

    Managers see submitted items that are not private. The public sees items that their owner allows
    in the portfolio. `audience_sql.is_visible` is the same rule in SQL.
    """
    if audience is Audience.MANAGER:
        shared = shared_state(state, has_verified=has_verified)
        return visibility != "private" and shared in SHARED_STATES
    return audience is Audience.OWNER or visibility == "portfolio"


def without_secrets(item: Item) -> Item:
    """Return an item for the public, with secrets removed from all links."""

    def strip(value: Any, *names: str) -> Any:
        return replace(value, **{name: strip_secrets(getattr(value, name)) for name in names})

    versions = [
        replace(
            strip(version, *CONTENT_TEXTS),
            impacts=tuple(strip(each, "source_url") for each in version.impacts),
        )
        for version in item.versions
    ]
    return replace(strip(item, "title"), versions=tuple(versions))


def restrict_to(item: Item, audience: Audience) -> Item | None:
    """Restrict the owner's item to what the audience may see; return None if it may not see it.

    The owner sees every version. Managers see submitted versions, so an edit of a returned item
    stays private until it is submitted. If an edit of a verified item was withdrawn, managers see
    the versions up to the verified one. The public sees the version that counts.
    """
    verified = item.verified_number
    if not is_visible(item.state, item.visibility, audience, has_verified=verified is not None):
        return None
    versions = item.versions
    if audience is Audience.MANAGER and item.state == "draft":
        versions = tuple([each for each in versions if each.number <= (verified or 0)])
        item = replace(item, state="verified", versions=versions)
    if audience is Audience.PUBLIC:
        item = without_secrets(item)
        versions = (item.counted,)
    elif audience is Audience.MANAGER:
        versions = tuple([each for each in versions if each.submitted_at is not None])
    if len(versions) == len(item.versions):
        return item
    return replace(item, versions=versions) if versions else None
