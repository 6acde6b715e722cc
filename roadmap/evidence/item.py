"""Evidence as values: an item, its versions, their impacts, and who sees which of them. Pure.

Every room reads evidence in these shapes. `loader` fills them from the database;
`audience_sql` states the same rule of visibility for queries.

No code changes a value after it was made. They are not frozen all the same: making a frozen one
takes seven times as long, and every tick makes a thousand of them.
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
from roadmap.core.text import holds_number
from roadmap.evidence.constants import SHARED_STATES

if TYPE_CHECKING:
    from roadmap.catalog.wording import Wording


class Audience(Enum):
    """Who reads evidence: its owner, the managers of the owner, or anyone with the portfolio."""

    OWNER = "owner"
    MANAGER = "manager"
    PUBLIC = "public"


def _text(label: str, max_length: int) -> str:
    """Declare a text field; the form, the API and the rules take label and length from here."""
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
        """Tell whether the impact says anything besides its type."""
        return bool(self.metric or self.baseline or self.result or self.unit or self.source_url)

    @property
    def complete(self) -> bool:
        """Tell whether it counts: metric, unit and a result that holds a number."""
        return bool(self.metric.strip() and self.unit.strip()) and self.has_result

    @property
    def has_result(self) -> bool:
        """Tell whether the result holds a number."""
        return holds_number(self.result)

    @property
    def has_baseline(self) -> bool:
        """Tell whether the value before counts: it holds a number."""
        return holds_number(self.baseline)

    @property
    def baseline_with_unit(self) -> str:
        """Return the value before as it is printed by itself."""
        return _with_unit(self.baseline, self.unit)

    @property
    def change(self) -> str:
        """Return what changed: 420 → 180 ms, or only the result without a value before."""
        after = self.result_with_unit
        return f"{self.baseline} → {after}".strip() if self.baseline else after

    @property
    def result_with_unit(self) -> str:
        """Return the value after as it is printed by itself."""
        return _with_unit(self.result, self.unit)


@dataclass(slots=True, unsafe_hash=True)
class File:
    """A file of a version, under the name that its owner gave it. `media_type` is by content."""

    sha256: str
    name: str
    size: int
    media_type: str


def _with_unit(value: str, unit: str) -> str:
    """Return a value and its unit, which some people write into the value as well."""
    before = value.casefold().removesuffix(unit.casefold())
    if not (value and unit) or (len(before) < len(value.casefold()) and not before[-1:].isalpha()):
        return value
    return f"{value}\N{NO-BREAK SPACE}{unit}"


@dataclass(slots=True, unsafe_hash=True)
class Content:
    """What a review judges, and therefore what a version holds.

    Title, visibility, links and skills belong to the item instead. Issuer and dates of a
    certificate are content: otherwise a verified certificate could be given a later expiry.
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
# Texts without a place of their own: form, API and exports list them by their labels.
FURTHER_TEXTS = tuple(
    name for name in CONTENT_TEXTS if name not in ("url", "description", "role", "issuer")
)


@dataclass(slots=True, unsafe_hash=True)
class Version(Content):
    """One version of the content; `number` counts from 1. A submitted version never changes.

    `drafted_by` is the name of the token that wrote it, '' once its owner edited or accepted it.
    """

    occurred_on: PartialDate
    id: uuid.UUID = field(kw_only=True)
    number: int = field(kw_only=True)
    submitted_at: dt.datetime | None = field(kw_only=True)
    created_at: dt.datetime = field(kw_only=True)
    drafted_by: str = field(default="", kw_only=True)

    @property
    def content(self) -> dict[str, Any]:
        """Return the content, by the name of the field."""
        return {name: getattr(self, name) for name in CONTENT_FIELDS}


@dataclass(slots=True, unsafe_hash=True)
class Link:
    """A linked milestone.

    `confirmed` tells that the verified version is confirmed for it and that its kind proves it.
    `left_out_by` is the name of the reviewer who verified the item and left this milestone out,
    '' where nobody did, `left_out_by_id` their account if there still is one. `review_id`,
    `verified_by` and `verified_by_id` say the same of the review that confirmed it, `basis` what
    that one rests on, `added_by_author` that its reviewer could do so by a role that the author
    gave, `by_token` that a script gave it; `taken_back_by` and `taken_back_by_id` are of a review
    that left it out and was taken back. `confirmed_wording` is how the milestone was worded when
    it was confirmed, where it is worded otherwise now.
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
        """Return who confirmed it, to count people: their account, or the name it had."""
        return str(self.verified_by_id or self.verified_by)


@dataclass(slots=True, unsafe_hash=True)
class SkillLink:
    """A skill that an item shows."""

    key: str
    title: str


@dataclass(slots=True, unsafe_hash=True)
class Item:
    """A piece of evidence as one audience sees it.

    `versions` holds at least one version, newest first: all that this audience sees, or only
    those that `version` and `counted` need. `verified_number` is the number of the verified
    version, which counts until a newer one is judged: `counted` is that version, else the newest.
    It is `verified` while one of its links is confirmed; a review alone is not enough.
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
    # What follows from the fields above, computed once: the rule of readiness reads it in loops.
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
        """Return the keys of the linked milestones."""
        return tuple([link.key for link in self.links])

    @property
    def confirmed(self) -> frozenset[str]:
        """Return the keys of the milestones that it was confirmed for and that it proves."""
        return frozenset([link.key for link in self.links if link.confirmed])

    @property
    def verifiers(self) -> frozenset[str]:
        """Return the people who confirmed its links."""
        return frozenset([link.verifier for link in self.links if link.confirmed])

    @property
    def version(self) -> Version:
        """Return the newest version that this audience sees."""
        return self.versions[0]

    @property
    def is_shared(self) -> bool:
        """Tell whether the managers of the owner see the item."""
        verified = self.verified_number is not None
        return is_visible(self.state, self.visibility, Audience.MANAGER, has_verified=verified)

    def find_file(self, sha256: str) -> File | None:
        """Return a file of a version that this audience sees, as the newest of them names it."""
        files = (each for version in self.versions for each in version.files)
        return next((each for each in files if each.sha256 == sha256), None)

    @property
    def is_draft(self) -> bool:
        """Tell whether its owner keeps it as a draft, with no verified version beside it."""
        return self.state == "draft" and self.verified_number is None

    @property
    def is_public(self) -> bool:
        """Tell whether the item may be shown in the portfolio."""
        verified = self.verified_number is not None
        return is_visible(self.state, self.visibility, Audience.PUBLIC, has_verified=verified)

    def with_counted(self, **changes: Any) -> Item:
        """Return the item with other content in the version that counts."""
        counted = self.counted
        changed = replace(counted, **changes)
        versions = tuple(changed if each is counted else each for each in self.versions)
        return replace(self, versions=versions)

    def with_link(self, key: str) -> Item:
        """Return the item linked to one more milestone, which is not confirmed."""
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
        """Tell whether the version that counts has lapsed; it counts through its last day."""
        expires_on = self.counted.expires_on
        return expires_on is not None and expires_on.last < today

    def tone(self, today: dt.date) -> str:
        """Return verified, evidenced, or lapsed: what has lapsed counts for nothing."""
        if self.has_lapsed(today):
            return "lapsed"
        return "verified" if self.verified else "evidenced"

    def proves(self, milestone: str, kinds: Collection[str]) -> bool:
        """Tell whether the item was confirmed for a milestone that evidence of `kinds` proves."""
        return milestone in self.confirmed and self.counted.kind in kinds

    def confirmed_wording(self, milestone: str) -> Wording | None:
        """Return how a milestone was worded when it was confirmed, where it is not any more."""
        return next((each.confirmed_wording for each in self.links if each.key == milestone), None)

    def milestone_tone(self, milestone: str, kinds: Collection[str], today: dt.date) -> str:
        """Return what the item makes of one linked milestone: verified, evidenced or lapsed."""
        if self.has_lapsed(today):
            return "lapsed"
        return "verified" if self.proves(milestone, kinds) else "evidenced"


def draft_item(id_: uuid.UUID, kind: str, day: dt.date) -> Item:
    """Return a new draft that says no more than this, as a rule imagines one."""
    at = dt.datetime.combine(day, dt.time(), dt.UTC)
    occurred_on = PartialDate(day)
    version = Version(kind, occurred_on, id=id_, number=1, submitted_at=None, created_at=at)
    return Item(id_, id_, "", "portfolio", "draft", None, at, at, versions=(version,))


def shared_state(state: str, *, has_verified: bool) -> str:
    """Return the state as managers read it: the verified version stays while an edit is a draft."""
    return "verified" if state == "draft" and has_verified else state


def is_visible(state: str, visibility: str, audience: Audience, *, has_verified: bool) -> bool:
    """Tell whether an audience sees an item; `has_verified` tells that a version is verified.

    Managers see what was submitted and is not private; the public sees what its owner allows in
    the portfolio. `audience_sql.is_visible` is the same rule in SQL.
    """
    if audience is Audience.MANAGER:
        shared = shared_state(state, has_verified=has_verified)
        return visibility != "private" and shared in SHARED_STATES
    return audience is Audience.OWNER or visibility == "portfolio"


def without_secrets(item: Item) -> Item:
    """Return an item as strangers may read it: its links let nobody in."""

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


def seen_by(item: Item, audience: Audience) -> Item | None:
    """Return the owner's item as an audience sees it, or None where it does not see the item.

    The owner sees every version. Managers see those that were submitted, so that an edit of a
    returned item stays private until it is submitted; where an edit of a verified item was
    withdrawn, those up to the verified one. The public sees the version that counts.
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
