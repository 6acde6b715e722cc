"""Validation rules and state transitions of evidence. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from roadmap.core.dates import PartialDate, months_later
from roadmap.core.link_secrets import strip_userinfo
from roadmap.core.text import strip_control_characters
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
# A field, the code of a possible error in it, and whether (a true value) it has this error.
Check = tuple[str, str, object]


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field, perhaps of the impact at `impact_index`. `keys` are unknown keys."""

    field: str
    code: str
    impact_index: int | None = None
    keys: tuple[str, ...] = ()


class InvalidInput(ValueError):
    """The input is invalid, with `errors` in its fields."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__(", ".join(f"{each.field}: {each.code}" for each in self.errors))


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
    begins, expires = piece.issued_on or piece.occurred_on, piece.expires_on
    yield from _errors(
        ("url", "nothing_to_show", not (piece.url or piece.description or piece.files)),
        ("url", "not_an_address", piece.url and not is_web_address(piece.url)),
        ("title", "title_missing", not piece.title),
        ("kind", "kind_missing", piece.kind not in KINDS),
        ("occurred_on", "date_missing", piece.occurred_on is None),
        *_date_checks("occurred_on", piece.occurred_on, today),
        ("visibility", "visibility_missing", piece.visibility not in VISIBILITIES),
        *_date_checks("issued_on", piece.issued_on, today),
        ("expires_on", "expires_before", begins and expires and expires.last < begins.first),
        *_length_checks(piece, INPUT_FIELDS),
        ("files", "too_many_files", len(piece.files) > MAX_FILES),
        ("impacts", "too_many_impacts", len(piece.impacts) > MAX_IMPACTS),
    )
    for index, row in enumerate(piece.impacts):
        is_new = row not in stored
        yield from _errors(
            ("type", "impact_type_missing", row.type not in IMPACT_TYPES),
            ("metric", "metric_missing", not row.metric),
            ("source_url", "not_an_address", row.source_url and not is_web_address(row.source_url)),
            ("baseline", "number_missing", is_new and row.baseline and not row.has_baseline),
            ("result", "number_missing", is_new and row.result and not row.has_result),
            *_length_checks(row, ("metric", "baseline", "result", "unit", "source_url")),
            impact_index=index,
        )


def _errors(*checks: Check, impact_index: int | None = None) -> Iterator[FieldError]:
    return (FieldError(field, code, impact_index) for field, code, is_wrong in checks if is_wrong)


def _date_checks(field: str, date: PartialDate | None, today: dt.date) -> Iterator[Check]:
    if date is not None:
        yield field, "date_in_future", date.first > today
        yield field, "date_too_early", date.first < EARLIEST_DATE


def _length_checks(row: Row, names: Iterable[str]) -> Iterator[Check]:
    for name in names:
        if name in MAX_LENGTHS:
            yield name, "too_long", len(getattr(row, name)) > MAX_LENGTHS[name]


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
    state: str, *, visibility: str, substance_changed: bool, is_frozen: bool, proves: bool
) -> tuple[bool, str]:
    """Return whether an edit creates a new version, and the state after it.

    `visibility` is that after the edit. `is_frozen` means that the previous version must not
    change; it is always set for submitted versions. `proves` is as in `state_after_submit`.

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
    return substance_changed and is_frozen, after


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
    asked: Collection[str] | None,
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
    if not set(asked) <= set(fitting):
        raise Refused("does_not_fit")
    if chosen := tuple(key for key in dict.fromkeys(asked) if key not in confirmed):
        return chosen
    if not again:
        raise Refused("none_left")
    raise Refused("already_verified" if set(fitting) <= set(confirmed) else "none_selected")


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
