"""Cursor pagination of lists."""

from __future__ import annotations

import base64
import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from roadmap.api.field_types import Query, Shape
from roadmap.api.operation import InvalidFields
from roadmap.core.i18n import _

MAX_LIMIT = 200
Item = TypeVar("Item")


def _read_limit(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,99}", text):
        raise ValueError(_("This is not a whole number."))
    if (limit := int(text)) < 1:
        raise ValueError(_("This must be at least %(least)d.", least=1))
    if limit > MAX_LIMIT:
        raise ValueError(_("This must be at most %(most)d.", most=MAX_LIMIT))
    return limit


class Paging(Query):
    """The pagination parameters of a list."""

    limit: Annotated[
        int,
        BeforeValidator(_read_limit),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}),
        Field(description="The maximum number of items."),
    ] = 50
    cursor: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{0,200}$",
            description="`next_cursor` of the previous page.",
        ),
    ] = ""


def encode_position(at: dt.datetime, key: uuid.UUID) -> str:
    """Encode a position in a list sorted by time as an opaque cursor."""
    return _encode(at.astimezone(dt.UTC).isoformat(), str(key))


def decode_position(cursor: str) -> tuple[dt.datetime, uuid.UUID] | None:
    """Return the position in a list sorted by time, or None for its start. Raises InvalidFields."""
    if not cursor:
        return None
    at, key = _decode(cursor, parts=2)
    try:
        moment = dt.datetime.fromisoformat(at)
        if moment.utcoffset() == dt.timedelta(0):
            return moment, uuid.UUID(key)
    except ValueError:
        pass
    raise invalid_cursor()


def _id_of(item: Any) -> str:
    return str(item.id)


class Page(Shape, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def of(cls, items: Iterable[Any], paging: Paging, key: Callable[[Any], str] = _id_of) -> Self:
        """Return a page of a short list, sorted by `key`."""
        rest = sorted(items, key=key)
        if paging.cursor:
            (after,) = _decode(paging.cursor, parts=1)
            rest = [item for item in rest if key(item) > after]
        part = rest[: paging.limit]
        cursor = _encode(key(part[-1])) if len(rest) > len(part) else None
        return cls.model_validate({"items": part, "next_cursor": cursor})


def _encode(*parts: str) -> str:
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def _decode(cursor: str, parts: int) -> list[str]:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        found = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\n")
    except ValueError:
        found = []
    if len(found) != parts:
        raise invalid_cursor()
    return found


def invalid_cursor() -> InvalidFields:
    """Return the error for a malformed cursor."""
    return InvalidFields({"cursor": [_("Use the cursor from `next_cursor` unchanged.")]})
