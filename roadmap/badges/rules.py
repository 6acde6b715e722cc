"""When a stage is complete, where a badge stands in the status lists, and how one is read. Pure."""

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

# The smallest list that hides one credential among others (W3C Bitstring Status List 1.0).
LIST_LENGTH = 131_072
# A new list begins before the places of the last one are hard to find.
LIST_FILL = 100_000
MAX_BADGE_LENGTH = 300_000
MAX_DEPTH = 30
# The largest stage takes half of it; ten times as many take minutes to canonicalize.
MAX_VALUES = 6_000


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far a stage is towards its badge.

    `proven` has, by milestone, the piece that it is confirmed by and that anyone may see; `aside`
    are those that do not apply, `missing` the rest. `is_within_limit` tells that what does not
    apply is at most a quarter of the effort.
    """

    stage: Stage
    proven: Mapping[str, Item] = field(default_factory=dict)
    aside: Sequence[Milestone] = ()
    missing: Sequence[Milestone] = ()
    is_within_limit: bool = True

    @property
    def is_complete(self) -> bool:
        return bool(self.proven) and not self.missing and self.is_within_limit


def judge_stage(
    stage: Stage, statuses: Mapping[str, str], public_items: Sequence[Item], today: dt.date
) -> StageProgress:
    """Return how far a stage is towards its badge.

    It takes each required milestone, done, and confirmed by a piece of the portfolio that has not
    lapsed; in a stage that the roadmap does not require, each milestone. What does not apply is
    left out, up to a quarter of the effort: nobody defines a stage away, as in the readiness rule.
    """
    counted = [each for each in stage.milestones if each.required or stage.is_bonus]
    aside = [each for each in counted if statuses.get(each.key) == "not_applicable"]
    standing = [item for item in public_items if item.verified and not item.has_lapsed(today)]
    proven = {}
    for each in counted:
        if statuses.get(each.key) == "done":
            found = (item for item in standing if item.proves(each.key, each.evidence))
            if (item := next(found, None)) is not None:
                proven[each.key] = item
    hours = sum(each.hours for each in counted)
    return StageProgress(
        stage,
        proven,
        aside,
        [each for each in counted if each.key not in proven and each not in aside],
        4 * sum(each.hours for each in aside) <= hours,
    )


def list_and_index(position: int) -> tuple[int, int]:
    """Return the status list of a place, and the index in it."""
    return divmod(position, LIST_LENGTH)


def encode_status_list(indexes: Iterable[int]) -> str:
    """Return the bits of a status list, of which these are set: compressed, as multibase."""
    bits = bytearray(LIST_LENGTH // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    packed = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_object(text: str) -> dict[str, Any]:
    """Parse a JSON object strictly. Raises ValueError.

    A name that comes twice and a number that JSON does not have are refused, because two readers
    could understand them differently; and what is deeper or has more values than any badge.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("no object")
    _check_size(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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


def is_plain(value: Any, contexts: Sequence[str]) -> bool:
    """Tell whether a document is written in the names of these contexts alone, as ours are.

    Another spelling can mean the same and have the same signature, without the name that a reader
    looks for: the end of a badge, for one.
    """
    if isinstance(value, list):
        return all(is_plain(each, contexts) for each in value)
    if isinstance(value, dict):
        return all(
            each == list(contexts)
            if name == "@context"
            else ":" not in name and not name.startswith("@") and is_plain(each, contexts)
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
