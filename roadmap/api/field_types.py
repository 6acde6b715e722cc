"""Types of fields in requests and responses, with their limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

from roadmap.core.dates import ISO_PATTERN, PartialDate
from roadmap.core.i18n import _
from roadmap.core.text import clean_line, clean_multiline, clean_url

# The default of a field that may be absent but not null. It is never read.
UNSET: Any = None


class Body(BaseModel):
    """A request body. Types are strict, and unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Nothing(Body):
    """An empty request body, or an empty object."""


class Shape(BaseModel):
    """A response model. Later releases may add fields."""

    model_config = ConfigDict(from_attributes=True)


class Query(BaseModel):
    """Query parameters."""


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """Text of at most `max_length` characters, cleaned by `clean` like the text in HTML forms.

    The documented limit applies both before and after cleaning.
    """

    max_length: int
    clean: Callable[[str], str] = clean_multiline
    non_empty: bool = False

    def __iter__(self) -> Iterator[object]:
        least = 1 if self.non_empty else None
        yield from StringConstraints(min_length=least, max_length=self.max_length)
        yield BeforeValidator(self._read)

    def _read(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        if len(value) > self.max_length:
            raise PydanticKnownError("string_too_long", {"max_length": self.max_length})
        text = self.clean(value)
        if self.non_empty and not text:
            raise ValueError(_("This cannot be empty."))
        return text


single_line = partial(Text, clean=clean_line)
required_line = partial(Text, clean=clean_line, non_empty=True)
web_url = partial(Text, clean=clean_url)


@dataclass(frozen=True)
class OneOf(GroupedMetadata):
    """A string from a fixed set of values."""

    allowed: tuple[str, ...]

    def __iter__(self) -> Iterator[object]:
        yield AfterValidator(self._check)
        yield WithJsonSchema({"type": "string", "enum": list(self.allowed)})

    def _check(self, word: str) -> str:
        if word not in self.allowed:
            raise ValueError(unknown_value_message(self.allowed))
        return word


def unknown_value_message(allowed: Iterable[str]) -> str:
    """Return the error message for an unknown value."""
    return _("Choose one of: %(words)s.", words=", ".join(allowed))


def _read_date(value: object) -> PartialDate:
    try:
        return PartialDate.from_iso(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(_("Write a day, month or year: 2026-03-15, 2026-03 or 2026.")) from None


def _format_timestamp(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Timestamp = Annotated[dt.datetime, PlainSerializer(_format_timestamp, return_type=str)]
Date = Annotated[
    PartialDate,
    PlainValidator(_read_date),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "format": "date, month or year", "pattern": ISO_PATTERN}),
]
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[int, Field(ge=0, le=4)]
