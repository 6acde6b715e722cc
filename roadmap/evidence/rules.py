"""What complete evidence is, and what an edit and a review do to it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from roadmap.evidence.constants import AWAITING_REVIEW, IMPACT_TYPES, MAX_IMPACTS, VISIBILITIES
from roadmap.evidence.item import CONTENT_FIELDS, Content, Impact
from roadmap.evidence.kinds import KINDS

# Longest texts, in characters.
MAX_LENGTHS = {
    "title": 200,
    "comment": 5_000,
    **{
        each.name: each.metadata["max_length"]
        for shape in (Content, Impact)
        for each in fields(shape)
        if "max_length" in each.metadata
    },
}
# An earlier date is a typing error.
EARLIEST_DATE = dt.date(1950, 1, 1)


@dataclass(slots=True, unsafe_hash=True, kw_only=True)
class EvidenceInput(Content):
    """Everything that a person says about an item, apart from what it is linked to."""

    title: str
    visibility: str = "portfolio"

    @property
    def content(self) -> tuple[object, ...]:
        """Return what a review judges, to be compared with another version."""
        return tuple(getattr(self, name) for name in CONTENT_FIELDS)


# In the order of the form.
INPUT_FIELDS = ("title", *CONTENT_FIELDS, "visibility")
Row = TypeVar("Row", Impact, EvidenceInput)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `place` is the index of an impact."""

    field: str
    code: str
    place: int | None = None


class InvalidInput(ValueError):
    """The input cannot be saved; `faults` says why."""

    def __init__(self, faults: Iterable[FieldError]) -> None:
        self.faults = tuple(faults)
        super().__init__(", ".join(f"{fault.field}: {fault.code}" for fault in self.faults))


class Refused(ValueError):
    """A step that is not possible now. `reason` is a key of `labels.REFUSAL_MESSAGES`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Stale(Refused):
    """Somebody saved a newer version in the meantime."""

    def __init__(self) -> None:
        super().__init__("stale")


def normalize(piece: EvidenceInput, clean: Callable[[str], str]) -> EvidenceInput:
    """Clean and strip every text, and drop empty impacts."""
    rows = (_clean_texts(row, clean) for row in piece.impacts)
    return replace(
        _clean_texts(piece, clean), impacts=tuple(row for row in rows if row.has_content)
    )


def _clean_texts(value: Row, clean: Callable[[str], str]) -> Row:
    texts: dict[str, Any] = {
        field.name: clean(text).strip()
        for field in fields(value)
        if isinstance(text := getattr(value, field.name), str)
    }
    return replace(value, **texts)


def find_errors(piece: EvidenceInput, today: dt.date) -> list[FieldError]:
    """Return the errors of normalized input, in the order of the form.

    It needs a kind, a title, a date that is not in the future (`today` is the person's own date),
    and a link or a description.
    """
    return [*_field_errors(piece, today), *_impact_errors(piece.impacts)]


def _field_errors(piece: EvidenceInput, today: dt.date) -> Iterator[FieldError]:
    if not piece.title:
        yield FieldError("title", "title_missing")
    if piece.kind not in KINDS:
        yield FieldError("kind", "kind_missing")
    if piece.occurred_on is None:
        yield FieldError("occurred_on", "date_missing")
    elif piece.occurred_on > today:
        yield FieldError("occurred_on", "date_in_future")
    elif piece.occurred_on < EARLIEST_DATE:
        yield FieldError("occurred_on", "date_too_early")
    if not piece.url and not piece.description:
        yield FieldError("url", "nothing_to_show")
    elif piece.url and not is_web_address(piece.url):
        yield FieldError("url", "not_an_address")
    if piece.visibility not in VISIBILITIES:
        yield FieldError("visibility", "visibility_missing")
    if piece.issued_on is not None and piece.issued_on > today:
        yield FieldError("issued_on", "date_in_future")
    elif piece.issued_on is not None and piece.issued_on < EARLIEST_DATE:
        yield FieldError("issued_on", "date_too_early")
    begins = piece.issued_on or piece.occurred_on
    if piece.expires_on is not None and begins is not None and piece.expires_on < begins:
        yield FieldError("expires_on", "expires_before")
    for name in INPUT_FIELDS:
        if name in MAX_LENGTHS and len(getattr(piece, name)) > MAX_LENGTHS[name]:
            yield FieldError(name, "too_long")


def _impact_errors(impacts: tuple[Impact, ...]) -> Iterator[FieldError]:
    if len(impacts) > MAX_IMPACTS:
        yield FieldError("impacts", "too_many_impacts")
    for place, row in enumerate(impacts):
        if row.type not in IMPACT_TYPES:
            yield FieldError("type", "impact_type_missing", place)
        if not row.metric:
            yield FieldError("metric", "metric_missing", place)
        if row.source_url and not is_web_address(row.source_url):
            yield FieldError("source_url", "not_an_address", place)
        for name in ("metric", "baseline", "result", "unit", "source_url"):
            if len(getattr(row, name)) > MAX_LENGTHS[name]:
                yield FieldError(name, "too_long", place)


def is_web_address(text: str) -> bool:
    """Tell whether a text is an http or https address with a host and without odd characters."""
    if any(character.isspace() or ord(character) < 33 for character in text) or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host)


# --- The review -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EditOutcome:
    """What an edit does: whether it makes a new version, and the state after it."""

    new_version: bool
    state: str


def edit_outcome(
    state: str, *, visibility: str, substance_changed: bool, was_submitted: bool
) -> EditOutcome:
    """Return what an edit does.

    `visibility` is the one after the edit, `was_submitted` tells about the version before it. A
    version that was ever submitted never changes. An item that waits or is verified is submitted
    again by the edit; a returned one only when its author resubmits it. Private items are never
    reviewed: making a waiting item private withdraws it, and an edit of a verified private one
    leaves a draft beside the version that counts.
    """
    private = visibility == "private"
    if substance_changed and state in AWAITING_REVIEW | {"verified"}:
        after = "draft" if private else "submitted"
    elif private and state in AWAITING_REVIEW:
        after = "draft"
    else:
        after = state
    return EditOutcome(new_version=substance_changed and was_submitted, state=after)


def state_after_submit(state: str, visibility: str) -> str:
    """Return the state after a request for a review; a second request changes nothing.

    Raises Refused for private items, and for verified ones without changes.
    """
    if visibility == "private":
        raise Refused("private")
    if state == "verified":
        raise Refused("already_verified")
    return state if state in AWAITING_REVIEW else "submitted"


def state_after_withdraw(state: str, *, has_reviewer: bool) -> str:
    """Return the state after the author withdraws the request.

    Raises Refused while an assigned reviewer has it, and where nothing was requested.
    """
    if state == "in_review" and has_reviewer:
        raise Refused("in_review")
    if state not in AWAITING_REVIEW | {"draft"}:
        raise Refused("not_waiting")
    return "draft"


def check_reviewable(state: str, *, judged: object, current: object) -> None:
    """Raise Refused where no review is requested, Stale where another version is current.

    In this order: for a returned item nobody else may learn that its author has begun to edit it.
    """
    if state not in AWAITING_REVIEW:
        raise Refused("not_waiting")
    if judged != current:
        raise Stale


def is_additional_review(state: str, decision: str, *, judged: object, verified: object) -> bool:
    """Tell whether a review verifies the verified version once more.

    Such a review adds confirmations, for milestones that were linked since, and removes none.
    """
    return state == "verified" and decision == "verified" and judged == verified


def select_additional_confirmations(
    chosen: Iterable[str], confirmed: Iterable[str]
) -> tuple[str, ...]:
    """Return the chosen milestones that are not confirmed yet. Raises Refused for none."""
    before = frozenset(confirmed)
    if not (added := tuple(key for key in chosen if key not in before)):
        raise Refused("already_verified")
    return added


def check_milestones_remain(chosen: Collection[str], fitting: Collection[str]) -> None:
    """Raise Refused where an item would be verified for none of the milestones that it can prove.

    An item without such milestones is verified for itself.
    """
    if fitting and not chosen:
        raise Refused("none_left")


def check_comment(text: str) -> str:
    """Return a comment stripped. Raises InvalidInput where it is empty or too long."""
    text = text.strip()
    if not text:
        raise InvalidInput([FieldError("text", "comment_missing")])
    if len(text) > MAX_LENGTHS["comment"]:
        raise InvalidInput([FieldError("text", "comment_too_long")])
    return text


def proves(kind: str, proving_kinds: Iterable[str]) -> bool:
    """Tell whether evidence of this kind can prove a milestone that names `proving_kinds`."""
    return kind in proving_kinds


def select_confirmations(
    kind: str, linked: Mapping[str, Iterable[str]], asked: Iterable[str] | None
) -> tuple[str, ...]:
    """Return the linked milestones that a review confirms: those asked for, or all that fit.

    `linked` gives for each linked key the kinds that prove it. Raises Refused for a key that is not
    linked, or that evidence of this kind cannot prove.
    """
    fitting = tuple(key for key, kinds in linked.items() if proves(kind, kinds))
    if asked is None:
        return fitting
    wanted = tuple(dict.fromkeys(asked))
    if not set(wanted) <= set(fitting):
        raise Refused("does_not_fit")
    return wanted
