"""Types of fields in requests and responses, with their limits."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import GroupedMetadata
from flask_babel import gettext as _
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

from roadmap.core.text import clean_line, clean_multiline, clean_url

INTEGER_PATTERN = re.compile(r"-?[0-9]{1,99}", re.ASCII)
# The default of a field that may be absent but not null; it is never read.
UNSET: Any = None


class Body(BaseModel):
    """A request body. Types are strict, and unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Nothing(Body):
    """The body of a request that needs none: empty, or an empty object."""


class Shape(BaseModel):
    """A response. Fields may be added in later releases."""

    model_config = ConfigDict(extra="ignore")


class Query(BaseModel):
    """Query parameters."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """Text of at most `most` characters, cleaned by `read` as the forms of the pages do.

    The limit, which the description promises, applies before and after cleaning.
    """

    most: int
    read: Callable[[str], str] = clean_multiline
    non_empty: bool = False

    def __iter__(self) -> Iterator[object]:
        least = 1 if self.non_empty else None
        yield from StringConstraints(min_length=least, max_length=self.most)
        yield BeforeValidator(self._read)

    def _read(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        if len(value) > self.most:
            raise PydanticKnownError("string_too_long", {"max_length": self.most})
        text = self.read(value)
        if self.non_empty and not text:
            raise ValueError(_("This cannot be empty."))
        return text


def single_line(most: int) -> Text:
    """Return the type of a single line."""
    return Text(most, clean_line)


def required_line(most: int) -> Text:
    """Return the type of a single line that is not empty."""
    return Text(most, clean_line, non_empty=True)


def web_url(most: int) -> Text:
    """Return the type of a web URL."""
    return Text(most, clean_url)


@dataclass(frozen=True)
class OneOf(GroupedMetadata):
    """One word of a vocabulary."""

    known: tuple[str, ...]

    def __iter__(self) -> Iterator[object]:
        yield AfterValidator(self._known)
        yield WithJsonSchema({"type": "string", "enum": list(self.known)})

    def _known(self, word: str) -> str:
        if word not in self.known:
            raise ValueError(_("Choose one of: %(words)s.", words=", ".join(self.known)))
        return word


@dataclass(frozen=True)
class IntegerParameter(GroupedMetadata):
    """An integer in a query, from `least` to `most`."""

    least: int
    most: int

    def __iter__(self) -> Iterator[object]:
        yield BeforeValidator(self._read)
        yield WithJsonSchema({"type": "integer", "minimum": self.least, "maximum": self.most})

    def _read(self, text: str) -> int:
        if not INTEGER_PATTERN.fullmatch(text):
            raise ValueError(_("This is not a whole number."))
        number = int(text)
        if number < self.least:
            raise ValueError(_("This must be at least %(least)d.", least=self.least))
        if number > self.most:
            raise ValueError(_("This must be at most %(most)d.", most=self.most))
        return number


def format_timestamp(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Timestamp = Annotated[dt.datetime, PlainSerializer(format_timestamp, return_type=str)]
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[int, Field(ge=0, le=4)]
