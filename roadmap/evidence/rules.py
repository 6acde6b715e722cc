"""Validation rules and state transitions of evidence. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from roadmap.core.dates import PartialDate, months_later
from roadmap.core.link_secrets import strip_userinfo
from roadmap.core.text import holds_number, strip_control_characters
from roadmap.evidence.constants import (
    AWAITING_REVIEW,
    IMPACT_TYPES,
    MAX_FILES,
    MAX_IMPACTS,
    VISIBILITIES,
)
from roadmap.evidence.item import CONTENT_FIELDS, Content, Impact
from roadmap.evidence.kinds import KINDS

# Maximum lengths of texts, in characters.
MAX_LENGTHS = {
    "title": 200,
    "comment": 5_000,
    "reason": 500,
    **{
        each.name: each.metadata["max_length"]
        for shape in (Content, Impact)
        for each in fields(shape)
        if "max_length" in each.metadata
    },
}
# How long a reviewer can withdraw a review.
WITHDRAWAL_PERIOD = dt.timedelta(minutes=10)
# An earlier date is assumed to be a typing error.
EARLIEST_DATE = dt.date(1950, 1, 1)


@dataclass(slots=True, unsafe_hash=True, kw_only=True)
class EvidenceInput(Content):
    """The input fields of an item, except its links."""

    title: str
    visibility: str = "portfolio"


# In the order of the form.
INPUT_FIELDS = ("title", *CONTENT_FIELDS, "visibility")
Row = TypeVar("Row", Impact, EvidenceInput)


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field. `place` is the index of an impact, `keys` are unknown keys."""

    field: str
    code: str
    place: int | None = None
    keys: tuple[str, ...] = ()


class InvalidInput(ValueError):
    """The input is invalid; `faults` are the errors."""

    def __init__(self, faults: Iterable[FieldError]) -> None:
        self.faults = tuple(faults)
        super().__init__(", ".join(f"{fault.field}: {fault.code}" for fault in self.faults))


class Refused(ValueError):
    """The action is not possible now. `reason` is a key of `labels.REFUSAL_MESSAGES`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Stale(Refused):
    """Somebody saved a newer version in the meantime."""

    def __init__(self) -> None:
        super().__init__("stale")


def normalize(piece: EvidenceInput) -> EvidenceInput:
    """Strip whitespace, control characters and passwords in links, and drop empty impacts."""
    impacts = tuple(row for row in map(_clean_texts, piece.impacts) if row.has_content)
    return replace(_clean_texts(piece), impacts=impacts)


def _clean_texts(value: Row) -> Row:
    texts: dict[str, Any] = {
        field.name: strip_userinfo(strip_control_characters(text).strip())
        for field in fields(value)
        if type(text := getattr(value, field.name)) is str
    }
    return replace(value, **texts)


def find_errors(
    piece: EvidenceInput, today: dt.date, stored: Collection[Impact] = ()
) -> Iterator[FieldError]:
    """Yield the errors of normalized input, in the order of the form.

    Required are a kind, a title, a date that is not in the future (`today` in the user's time
    zone), and a link, a file or a description. Impact values must contain a number, except in
    `stored` impacts, which an older release did not validate.
    """
    if not (piece.url or piece.description or piece.files):
        yield FieldError("url", "nothing_to_show")
    elif piece.url and not is_web_address(piece.url):
        yield FieldError("url", "not_an_address")
    if not piece.title:
        yield FieldError("title", "title_missing")
    if piece.kind not in KINDS:
        yield FieldError("kind", "kind_missing")
    if piece.occurred_on is None:
        yield FieldError("occurred_on", "date_missing")
    yield from _date_errors("occurred_on", piece.occurred_on, today)
    if piece.visibility not in VISIBILITIES:
        yield FieldError("visibility", "visibility_missing")
    yield from _date_errors("issued_on", piece.issued_on, today)
    begins = piece.issued_on or piece.occurred_on
    if piece.expires_on and begins and piece.expires_on.last < begins.first:
        yield FieldError("expires_on", "expires_before")
    for name in INPUT_FIELDS:
        if name in MAX_LENGTHS and len(getattr(piece, name)) > MAX_LENGTHS[name]:
            yield FieldError(name, "too_long")
    if len(piece.files) > MAX_FILES:
        yield FieldError("files", "too_many_files")
    if len(piece.impacts) > MAX_IMPACTS:
        yield FieldError("impacts", "too_many_impacts")
    for place, row in enumerate(piece.impacts):
        if row.type not in IMPACT_TYPES:
            yield FieldError("type", "impact_type_missing", place)
        if not row.metric:
            yield FieldError("metric", "metric_missing", place)
        if row.source_url and not is_web_address(row.source_url):
            yield FieldError("source_url", "not_an_address", place)
        for name in ("baseline", "result"):
            if (value := getattr(row, name)) and not holds_number(value) and row not in stored:
                yield FieldError(name, "number_missing", place)
        for name in ("metric", "baseline", "result", "unit", "source_url"):
            if len(getattr(row, name)) > MAX_LENGTHS[name]:
                yield FieldError(name, "too_long", place)


def _date_errors(field: str, date: PartialDate | None, today: dt.date) -> Iterator[FieldError]:
    if date is not None and date.first > today:
        yield FieldError(field, "date_in_future")
    elif date is not None and date.first < EARLIEST_DATE:
        yield FieldError(field, "date_too_early")


def is_web_address(text: str) -> bool:
    """Return whether a text is an http or https URL with a host and no whitespace or backslash."""
    if any(character.isspace() or ord(character) < 33 for character in text) or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host)


def renewed_dates(
    issued_on: PartialDate | None, expires_on: PartialDate | None, today: dt.date
) -> tuple[PartialDate, PartialDate | None]:
    """Return the issue and expiry dates of a certificate renewed today for the same period."""
    if issued_on is None or expires_on is None:
        return PartialDate(today), None
    first, last = issued_on.first, expires_on.last
    months = round((last - first).days / 365.2425 * 12)
    return PartialDate(today), PartialDate(months_later(today, max(months, 1)))


# --- The review -----------------------------------------------------------------------------------


def edit_outcome(
    state: str, *, visibility: str, substance_changed: bool, is_kept: bool, proves: bool
) -> tuple[bool, str]:
    """Return whether an edit creates a new version, and the state after it.

    `visibility` is that after the edit. `is_kept` means that the previous version must not change;
    it is always set for submitted versions. `proves` is as in `state_after_submit`.

    An edit resubmits an item that awaits review or is verified. A returned item must be resubmitted
    by its author. Private items are never reviewed: making an item private withdraws it from
    review, and an edit of a verified private item becomes a draft while the verified version still
    counts. An edit of a verified item also becomes a draft if the item proves none of its
    milestones any more; an item that already awaits review keeps waiting in that case.
    """
    private = visibility == "private"
    if substance_changed and state in AWAITING_REVIEW:
        after = "draft" if private else "submitted"
    elif substance_changed and state == "verified":
        after = "submitted" if proves and not private else "draft"
    elif private and state in AWAITING_REVIEW:
        after = "draft"
    else:
        after = state
    return substance_changed and is_kept, after


def state_after_submit(state: str, visibility: str, *, proves: bool) -> str:
    """Return the state after a submission for review.

    `proves` means that the item is linked to a milestone that evidence of its kind proves. Raises
    Refused if it is not, because there is nothing to confirm, and for a private or verified item.
    """
    if visibility == "private":
        raise Refused("private")
    if state == "verified":
        raise Refused("already_verified")
    if state in AWAITING_REVIEW:
        return state
    if not proves:
        raise Refused("proves_nothing")
    return "submitted"


def state_after_withdraw(state: str, *, has_reviewer: bool) -> str:
    """Return the state after the author withdraws an item. Raises Refused while it is in review."""
    if state == "in_review" and has_reviewer:
        raise Refused("in_review")
    if state not in AWAITING_REVIEW | {"draft"}:
        raise Refused("not_waiting")
    return "draft"


def check_reviewable(state: str, *, judged: object, current: object) -> None:
    """Raise Refused if no review is requested, Stale if the judged version is not current.

    The state is checked first, so that a reviewer cannot learn that the author of a returned item
    has started to edit it.
    """
    if state not in AWAITING_REVIEW:
        raise Refused("not_waiting")
    if judged != current:
        raise Stale


def select_confirmations(
    decision: str,
    asked: Iterable[str] | None,
    *,
    state: str,
    judged: object,
    current: object,
    verified: object,
    is_current_title: bool,
    fitting: Sequence[str],
    confirmed: Collection[str],
    left_out: Collection[str],
) -> tuple[str, ...]:
    """Return the milestones that a review confirms: those in `asked`, or all that fit if None.

    `judged`, `current` and `verified` are version ids. `fitting` are the linked milestones that
    evidence of this kind can prove, and `confirmed` those for which the judged version is already
    confirmed. `left_out` are milestones that an earlier review left out, which are confirmed only
    if they are in `asked`. The verified version can be verified again, which only adds
    confirmations.

    Raises Refused if the decision is not possible now, Stale if the reviewer read another version
    or title.
    """
    again = state == decision == "verified" and judged == verified
    if not again:
        check_reviewable(state, judged=judged, current=current)
    if not is_current_title:
        raise Stale
    if decision == "returned":
        return ()
    if not fitting and not again:
        raise Refused("nothing_to_confirm")
    if asked is None:
        asked = [key for key in fitting if key not in left_out]
    chosen = tuple(dict.fromkeys(asked))
    if not set(chosen) <= set(fitting):
        raise Refused("does_not_fit")
    if again:
        chosen = tuple(key for key in chosen if key not in confirmed)
    if not chosen and again:
        raise Refused("already_verified" if set(fitting) <= set(confirmed) else "none_selected")
    if not chosen:
        raise Refused("none_left")
    return chosen


def check_withdrawable(
    decision: str, *, is_own: bool, is_latest: bool, is_changed: bool, age: dt.timedelta
) -> None:
    """Raise Refused if a review that was given `age` ago cannot be withdrawn.

    A return cannot be withdrawn once the author has edited or resubmitted the item (`is_changed`).
    """
    if not is_own:
        raise Refused("not_your_review")
    if not is_latest:
        raise Refused("reviewed_since")
    if decision == "returned" and is_changed:
        raise Refused("changed_since")
    if age > WITHDRAWAL_PERIOD:
        raise Refused("withdrawn_too_late")
