"""Importer base classes and result types. Each importer is a module in `kinds/`."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from flask_babel import LazyString

from roadmap.core.i18n import _, _l
from roadmap.core.outbound import Site
from roadmap.core.text import clean_line

Text: TypeAlias = str | LazyString
MAX_ID_LENGTH = 300


@dataclass(frozen=True)
class Candidate:
    """A record that can be imported.

    `record` is a key of `records.RECORDS`. `values` maps field names to strings, with dates in ISO
    8601. `external_id`, such as `doi:10.1000/182`, identifies the record across sources and
    prevents duplicate imports. `heading` is the preview section, `where` and `line` are the
    position in the input. `parse_errors` maps fields that could not be parsed, which have no value,
    to error messages. `is_current` is set if the file marks the position as ongoing.
    """

    record: str
    external_id: str
    values: Mapping[str, str]
    heading: str = ""
    where: str = ""
    line: int | None = None
    parse_errors: Mapping[str, str] = field(default_factory=dict)
    is_current: bool = False


@dataclass(frozen=True)
class Problem:
    """An entry that cannot be imported: its position in the input and its error messages."""

    where: str
    errors: Sequence[str]
    line: int | None = None


def describe_place(place: str, line: int | None) -> str:
    """Return a label for a position in a file: the section, the line number or both."""
    if line is None:
        return place
    if not place:
        return _("Line %(line)s", line=line)
    return _("%(place)s, line %(line)s", place=place, line=line)


@dataclass
class ParseResult:
    """The result of parsing an importer's input."""

    candidates: list[Candidate] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    # Further messages for the user, in full sentences.
    notes: list[str] = field(default_factory=list)


class ImportFault(ValueError):
    """Raised when the input cannot be read at all. The message says what to do."""


def make_external_id(prefix: str, *parts: str) -> str:
    """Return a deterministic id for the parts, hashed if it exceeds the column length."""
    plain = f"{prefix}:{'|'.join(parts)}"
    if len(parts) == 1 and len(plain) <= MAX_ID_LENGTH:
        return plain
    return f"{prefix}:{hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()}"


@dataclass(frozen=True)
class Question:
    """An import option that the user sets before the preview, chosen from (value, label) pairs.

    If `asks_again` is set, a different answer changes the other questions. `example` is a sample
    value for a question about a column.
    """

    name: str
    label: Text
    options: Sequence[tuple[str, Text]]
    chosen: str
    help: Text = ""
    asks_again: bool = False
    example: str | None = None


class Importer:
    """Turns raw input into candidates.

    The input is stored as `records`, a list of JSON values, until it is imported or expires after
    a day. `read` runs each time the preview is rendered, so it must be fast, and its messages are
    in the viewer's language.
    """

    key: ClassVar[str]
    # `summary` is shown in the list of importers. `steps` explain how to get the input.
    title: ClassVar[Text]
    summary: ClassVar[Text]
    steps: ClassVar[Sequence[Text]] = ()

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        """Parse stored records into candidates and problems."""
        raise NotImplementedError


class FileImporter(Importer):
    """Imports an uploaded file."""

    # Value of the `accept` attribute of the file input.
    accept: ClassVar[str]

    def load(self, data: bytes) -> list[Any]:
        """Parse the file into JSON values. Raises ImportFault.

        Files are untrusted: enforce size limits before allocating.
        """
        raise NotImplementedError

    def questions(self, records: Sequence[Any], options: Mapping[str, str]) -> list[Question]:
        """Return the questions to ask before the preview, each with a proposed answer."""
        return []

    def find_fault(self, records: Sequence[Any], options: Mapping[str, str]) -> str:
        """Return an error message if these answers are invalid, else ""."""
        return ""


@dataclass(frozen=True)
class Page:
    """One page of results, with the total number of records if the site reports it.

    `following` is the URL of the next page, "" on the last one.
    """

    records: list[dict[str, Any]]
    total: int | None = None
    following: str = ""


class SiteImporter(Importer):
    """Fetches a user's records from an external site, page by page.

    If `asks_since` is set, the form asks for a start date.
    """

    # Names of the settings for the server's URL and its API token, if it takes one.
    site_setting: ClassVar[str]
    token_setting: ClassVar[str] = ""
    login_pattern: ClassVar[re.Pattern[str]]
    login_label: ClassVar[Text] = _l("User name")
    login_help: ClassVar[Text]
    asks_since: ClassVar[bool] = True
    # HTTP status that the site returns for an unknown login.
    unknown_status: ClassVar[int] = 422

    def first_pages(self, site: Site, login: str, since: dt.date) -> list[tuple[str, str]]:
        """Return the first pages to fetch, as (record type, URL) pairs."""
        raise NotImplementedError

    def headers(self, token: str) -> dict[str, str]:
        raise NotImplementedError

    def parse(self, what: str, body: Any, headers: Mapping[str, str]) -> Page:
        """Parse a page. Raises TypeError, KeyError or ValueError for an unexpected structure.

        Responses are as untrusted as files.
        """
        raise NotImplementedError

    def clean_login(self, text: str) -> str:
        """Extract the login from a user name or profile URL, "" if it is invalid."""
        login = clean_line(text).removeprefix("@")
        if login.startswith(("https://", "http://")):
            login = login.rstrip("/").rpartition("/")[2]
        return login if self.login_pattern.fullmatch(login) else ""
