"""What an importer finds: values, before anything is saved. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_ID_LENGTH = 300


@dataclass(frozen=True)
class Candidate:
    """A record that could be saved.

    `record` is a key of `records.RECORDS`, and `values` are texts by the names of its fields, dates
    as ISO 8601. `external_id` names it wherever it comes from, such as `doi:10.1000/182`: what has
    been imported with the same one is not imported again. `heading` is what it is listed below,
    `line` where it stands in a file. `unread` says of fields what could not be read, which makes
    an error of it; these have no value.
    """

    record: str
    external_id: str
    values: Mapping[str, str]
    heading: str = ""
    line: int | None = None
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What could not be read, in a sentence for the person, and on which line of the file."""

    text: str
    line: int | None = None


@dataclass
class Reading:
    """What an importer makes of its input."""

    candidates: list[Candidate] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    # What the person should know besides, in sentences.
    notes: list[str] = field(default_factory=list)


class ImportFault(ValueError):
    """The input cannot be read at all; the text says what was wrong and what to do."""


def make_external_id(prefix: str, *parts: str) -> str:
    """Return an id that is the same for the same texts, and short enough to be stored."""
    plain = f"{prefix}:{'|'.join(parts)}"
    if len(parts) == 1 and len(plain) <= MAX_ID_LENGTH:
        return plain
    return f"{prefix}:{hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()}"
