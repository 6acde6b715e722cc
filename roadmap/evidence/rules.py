"""What complete evidence is, and what an edit and a review do to it. Pure."""

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

# Longest texts, in characters.
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
# How long a reviewer can take back that they verified an item.
WITHDRAWAL_PERIOD = dt.timedelta(minutes=10)
# An earlier date is a typing error.
EARLIEST_DATE = dt.date(1950, 1, 1)


@dataclass(slots=True, unsafe_hash=True, kw_only=True)
class EvidenceInput(Content):
    """Everything that a person says about an item, apart from what it is linked to."""

    title: str
    visibility: str = "portfolio"


# In the order of the form.
INPUT_FIELDS = ("title", *CONTENT_FIELDS, "visibility")
Row = TypeVar("Row", Impact, EvidenceInput)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `place` is the index of an impact, `keys` are unknown ones."""

    field: str
    code: str
    place: int | None = None
    keys: tuple[str, ...] = ()


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


def normalize(piece: EvidenceInput) -> EvidenceInput:
    """Strip every text, its control characters and passwords in links, and drop empty impacts."""
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

    It needs a kind, a title, a date that is not in the future (`today` is the person's own date),
    and a link, a file or a description. A value of an impact holds a number, unless it is one
    of the `stored`: an older release took others.
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
    """Tell whether a text is an http or https address with a host and without odd characters."""
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
    """Return when a certificate that is renewed today is issued and lapses: after as long again."""
    if issued_on is None or expires_on is None:
        return PartialDate(today), None
    first, last = issued_on.first, expires_on.last
    months = round((last - first).days / 365.2425 * 12)
    return PartialDate(today), PartialDate(months_later(today, max(months, 1)))


# --- The review -----------------------------------------------------------------------------------


def edit_outcome(
    state: str, *, visibility: str, substance_changed: bool, is_kept: bool, proves: bool
) -> tuple[bool, str]:
    """Return whether an edit makes a new version, and the state after it.

    `visibility` is the one after the edit, `is_kept` tells that the version before it must not
    change: a version that was ever submitted never does. An item that waits or is verified is
    submitted again by the edit; a returned one only when its author resubmits it. Private items are
    never reviewed: making a waiting item private withdraws it, and an edit of a verified private
    one leaves a draft beside the version that counts. So does an edit after which it `proves` none
    of its milestones, as in `state_after_submit`; one that waits already goes on waiting.
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
    """Return the state after a request for a review.

    `proves` tells that it is linked to a milestone that evidence of its kind proves; without one a
    reviewer has nothing to confirm. Raises Refused for that, for private and for verified.
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
    """Return the state after the author withdraws. Raises Refused while a reviewer has it."""
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
    """Return the milestones that a review confirms: those asked for, or all that fit.

    `judged`, `current` and `verified` are versions, `fitting` the linked milestones that evidence
    of this kind can prove, `confirmed` those that the judged version is confirmed for, `left_out`
    those that an earlier review left out, which are only confirmed where they are asked for. The
    verified version can be verified once more, which only adds confirmations.

    Raises Refused where this judgement cannot be given now, Stale where the reviewer read another
    version or title.
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
    """Raise Refused where a reviewer cannot take back a review, `age` after they decided.

    A return is not taken back of what its author has changed or submitted since (`is_changed`).
    """
    if not is_own:
        raise Refused("not_your_review")
    if not is_latest:
        raise Refused("reviewed_since")
    if decision == "returned" and is_changed:
        raise Refused("changed_since")
    if age > WITHDRAWAL_PERIOD:
        raise Refused("withdrawn_too_late")
