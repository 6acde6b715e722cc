"""Where the facts of a content file come from, as its pages cite them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from roadmap.catalog.field_types import Flag, Key, Location, Model, Problem, whole

SourceText = Annotated[str, Field(min_length=2, max_length=160)]


class Source(Model):
    """A publication; `secondary` where it copies the figures of another one."""

    key: Key
    title: SourceText
    by: SourceText
    year: Annotated[int, whole(1900, 2100)] | None = None
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=300)] | None = None
    secondary: Flag = False


def unknown_sources(
    sources: Iterable[Source], cited: Iterable[tuple[Location, str | None]]
) -> Iterator[Problem]:
    """Yield a problem for each citation of a source that the file does not list."""
    known = {source.key for source in sources}
    for location, key in cited:
        if key is not None and key not in known:
            yield Problem(location, f"'{key}' is not one of the sources")
