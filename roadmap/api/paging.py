"""Lists that are read in parts: at most `limit` at a time, and a cursor to go on from."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from flask_babel import gettext as _
from pydantic import Field

from roadmap.api.fields import Query, Whole
from roadmap.api.operation import Unfit

USUAL, MOST = 50, 200
Item = TypeVar("Item")
Place = tuple[dt.datetime, uuid.UUID]


class Paging(Query):
    """How much of a list, and from where on."""

    limit: Annotated[
        int,
        Whole(1, MOST),
        Field(description="At most so many items."),
    ] = USUAL
    cursor: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{0,200}$",
            description="`next_cursor` of the part that was read before.",
        ),
    ] = ""


def pack(*parts: str) -> str:
    """A cursor that names a place in a list. Clients take it as it is."""
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def unpack(cursor: str, parts: int) -> list[str]:
    """What `pack` was given. Raises Unfit for anything else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\n")
    except (ValueError, binascii.Error):
        found = []
    if len(found) != parts:
        raise Unfit({"cursor": [_("Take the cursor from `next_cursor`, as it is.")]})
    return found


def pack_place(at: dt.datetime, key: uuid.UUID) -> str:
    return pack(at.astimezone(dt.UTC).isoformat(), str(key))


def unpack_place(cursor: str) -> Place | None:
    """The place of a list in order of time; None for its beginning."""
    if not cursor:
        return None
    at, key = unpack(cursor, 2)
    try:
        moment = dt.datetime.fromisoformat(at)
        if moment.utcoffset() != dt.timedelta(0):
            raise ValueError
        return moment, uuid.UUID(key)
    except ValueError:
        raise Unfit({"cursor": [_("Take the cursor from `next_cursor`, as it is.")]}) from None


def part_of(
    items: Sequence[Item], paging: Paging, key: Callable[[Item], str]
) -> tuple[list[Item], str | None]:
    """A part of a short list that is sorted by `key`, and the cursor of the next one."""
    rest = list(items)
    if paging.cursor:
        (after,) = unpack(paging.cursor, 1)
        rest = [item for item in rest if key(item) > after]
    part = rest[: paging.limit]
    more = len(rest) > len(part)
    return part, pack(key(part[-1])) if more else None
