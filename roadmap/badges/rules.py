"""Rules of stage completion, status lists and strict parsing of badges. Pure."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone, Stage
    from roadmap.evidence.item import Item

# The minimum length for privacy (W3C Bitstring Status List 1.0).
LIST_LENGTH = 131_072
# Start a new list before random free positions become hard to find.
LIST_FILL_LIMIT = 100_000
MAX_BADGE_LENGTH = 300_000
MAX_DEPTH = 30
# The largest stage uses half of it. Ten times as many would take minutes to canonicalize.
MAX_VALUES = 6_000


@dataclass(frozen=True, slots=True)
class StageProgress:
    """Progress of a stage towards its badge.

    `confirming_items` maps milestone keys to the public pieces that confirm them. `excluded` are
    milestones marked as not applicable, `missing` the rest. `is_within_limit` is set if at most a
    quarter of the effort is excluded.
    """

    stage: Stage
    confirming_items: Mapping[str, Item] = field(default_factory=dict)
    excluded: Sequence[Milestone] = ()
    missing: Sequence[Milestone] = ()
    is_within_limit: bool = True

    @property
    def is_complete(self) -> bool:
        return bool(self.confirming_items) and not self.missing and self.is_within_limit


def compute_stage_progress(
    stage: Stage, statuses: Mapping[str, str], public_items: Sequence[Item], today: dt.date
) -> StageProgress:
    """Compute the progress of a stage towards its badge.

    Each required milestone must be done and confirmed by a public piece that has not lapsed. In an
    optional stage, all milestones are required. Milestones marked as not applicable are left out,
    up to a quarter of the effort, as in the readiness rule.
    """
    counted = [each for each in stage.milestones if each.required or stage.is_bonus]
    excluded = [each for each in counted if statuses.get(each.key) == "not_applicable"]
    active = [item for item in public_items if item.verified and not item.has_lapsed(today)]
    confirming_items = {}
    for each in counted:
        if statuses.get(each.key) == "done":
            found = (item for item in active if item.proves(each.key, each.evidence))
            if (item := next(found, None)) is not None:
                confirming_items[each.key] = item
    hours = sum(each.hours for each in counted)
    return StageProgress(
        stage,
        confirming_items,
        excluded,
        [each for each in counted if each.key not in confirming_items and each not in excluded],
        4 * sum(each.hours for each in excluded) <= hours,
    )


def split_position(position: int) -> tuple[int, int]:
    """Return the number of the status list of a position, and the index in it."""
    return divmod(position, LIST_LENGTH)


def encode_status_list(indexes: Iterable[int]) -> str:
    """Encode a bitstring with these bits set: gzip-compressed, as multibase base64url."""
    bits = bytearray(LIST_LENGTH // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    compressed = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(compressed).decode().rstrip("=")


def read_object(text: str) -> dict[str, Any]:
    """Parse a JSON object strictly. Raises ValueError.

    Duplicate names and non-JSON numbers such as NaN are refused, because parsers interpret them
    differently. So are objects that are deeper or larger than any badge.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("no object")
    _check_size(value)
    return value


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _check_size(value: Any) -> None:
    level, left = [value], MAX_VALUES
    for _depth in range(MAX_DEPTH):
        left -= sum(map(len, level))
        if left < 0:
            raise ValueError("too many values")
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")


def uses_plain_terms(value: Any, contexts: Sequence[str]) -> bool:
    """Return whether a document uses only the plain term names of these contexts.

    JSON-LD allows other spellings with the same signature, which could hide a field from a reader,
    for example `validUntil`.
    """
    if isinstance(value, list):
        return all(uses_plain_terms(each, contexts) for each in value)
    if isinstance(value, dict):
        return all(
            each == list(contexts)
            if name == "@context"
            else ":" not in name and not name.startswith("@") and uses_plain_terms(each, contexts)
            for name, each in value.items()
        )
    return value is not None


def read_jwt(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the payload of a JWT, unverified. Raises ValueError."""
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("no JWT")
    header, payload = (
        read_object(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True).decode())
        for part in parts[:2]
    )
    return header, payload
