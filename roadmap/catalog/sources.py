"""The base of content files with sources, and checks that they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from roadmap.catalog.field_types import (
    Flag,
    Key,
    Location,
    Model,
    Problem,
    raise_problems,
    whole_number,
)

SourceText = Annotated[str, Field(min_length=2, max_length=160)]


class Source(Model):
    """A publication; `secondary` if it copies the figures of another one."""

    key: Key
    title: SourceText
    by: SourceText
    year: Annotated[int, whole_number(1900, 2100)] | None = None
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=300)] | None = None
    secondary: Flag = False


class SourcedContent(Model):
    """A content file with its sources. Keys are unique within each list."""

    sources: tuple[Source, ...] = Field(min_length=1)

    @cached_property
    def source_by_key(self) -> dict[str, Source]:
        return {source.key: source for source in self.sources}

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        raise_problems([*self._unknown_sources(), *self._find_duplicate_keys(), *self.problems()])
        return self

    def problems(self) -> Iterable[Problem]:
        """Yield further problems of this kind of file."""
        return ()

    def _unknown_sources(self) -> Iterable[Problem]:
        return ()

    def _find_duplicate_keys(self) -> Iterator[Problem]:
        seen: dict[tuple[Location, str], Location] = {}
        for (*listed, number), part in _iterate_models(self):
            key = getattr(part, "key", None)
            if key is None or not isinstance(number, int):
                continue
            place = (*listed, number, "key")
            earlier = seen.setdefault((tuple(listed), key), place)
            if earlier != place:
                name = type(part).__name__.lower()
                yield Problem(place, f"the {name} key '{key}' is already used", earlier)


class CitingContent(SourcedContent):
    """A content file in which each `source` is the key of one of its sources."""

    def _unknown_sources(self) -> Iterator[Problem]:
        for location, part in _iterate_models(self):
            cited = (getattr(part, "source", None), *getattr(part, "more_sources", ()))
            for key in cited:
                if key is not None and key not in self.source_by_key:
                    yield Problem((*location, "source"), f"'{key}' is not one of the sources")


def _iterate_models(value: object, location: Location = ()) -> Iterator[tuple[Location, Model]]:
    """Yield the models within a value, with their locations."""
    parts: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, Model):
        parts = value
    elif isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, tuple):
        parts = enumerate(value)
    for part, inner in parts:
        if isinstance(inner, Model):
            yield (*location, part), inner
        yield from _iterate_models(inner, (*location, part))
