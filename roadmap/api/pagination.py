"""Pagination of lists: at most `limit` items at a time, and a cursor for the next."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from flask_babel import gettext as _
from pydantic import Field

from roadmap.api.field_types import IntegerParameter, Query
from roadmap.api.operation import InvalidFields

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
Item = TypeVar("Item")
CursorPosition = tuple[dt.datetime, uuid.UUID]


class Paging(Query):
    """How much of a list, and from where on."""

    limit: Annotated[
        int,
        IntegerParameter(1, MAX_LIMIT),
        Field(description="At most so many items."),
    ] = DEFAULT_LIMIT
    cursor: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{0,200}$",
            description="`next_cursor` of the part that was read before.",
        ),
    ] = ""


def encode_cursor(*parts: str) -> str:
    """Encode a position in a list as an opaque cursor."""
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """Return what `encode_cursor` was given. Raises InvalidFields for anything else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\n")
    except (ValueError, binascii.Error):
        found = []
    if len(found) != parts:
        raise InvalidFields({"cursor": [_("Use the cursor from `next_cursor` unchanged.")]})
    return found


def encode_position(at: dt.datetime, key: uuid.UUID) -> str:
    return encode_cursor(at.astimezone(dt.UTC).isoformat(), str(key))


def decode_position(cursor: str) -> CursorPosition | None:
    """Return the position in a list by time; None for its beginning."""
    if not cursor:
        return None
    at, key = decode_cursor(cursor, 2)
    try:
        moment = dt.datetime.fromisoformat(at)
        if moment.utcoffset() != dt.timedelta(0):
            raise ValueError
        return moment, uuid.UUID(key)
    except ValueError:
        raise InvalidFields(
            {"cursor": [_("Use the cursor from `next_cursor` unchanged.")]}
        ) from None


def paginate(
    items: Sequence[Item], paging: Paging, key: Callable[[Item], str]
) -> tuple[list[Item], str | None]:
    """Return a part of a short list that is sorted by `key`, and the cursor of the next."""
    rest = list(items)
    if paging.cursor:
        (after,) = decode_cursor(paging.cursor, 1)
        rest = [item for item in rest if key(item) > after]
    part = rest[: paging.limit]
    more = len(rest) > len(part)
    return part, encode_cursor(key(part[-1])) if more else None
