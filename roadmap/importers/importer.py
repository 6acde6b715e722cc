"""What an importer is, and what it finds. Each one is a file in `kinds/`, named in its registry."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from flask_babel import LazyString

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.outbound import Site
from roadmap.core.text import clean_line

Text: TypeAlias = str | LazyString
MAX_ID_LENGTH = 300


@dataclass(frozen=True)
class Candidate:
    """A record that could be saved.

    `record` is a key of `records.RECORDS`, and `values` are texts by the names of its fields, dates
    as ISO 8601. `external_id` names it wherever it comes from, such as `doi:10.1000/182`: what has
    been imported with the same one is not imported again. `heading` is what it is listed below,
    `where` says where it stands, `line` on which line. `unread` says of fields what could not be
    read, which makes an error of it; these have no value. `is_current` tells that the file itself
    says that it goes on.
    """

    record: str
    external_id: str
    values: Mapping[str, str]
    heading: str = ""
    where: str = ""
    line: int | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    is_current: bool = False


@dataclass(frozen=True)
class Problem:
    """An entry that cannot be imported: where it stands, and all that is wrong with it."""

    where: str
    errors: Sequence[str]
    line: int | None = None


def describe_place(place: str, line: int | None) -> str:
    """Return where something stands in a file: in which part of it, and on which line."""
    if line is None:
        return place
    if not place:
        return _("Line %(line)s", line=line)
    return _("%(place)s, line %(line)s", place=place, line=line)


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


@dataclass(frozen=True)
class Question:
    """What a person chooses before the preview; `options` are (value, text), `chosen` a value.

    Another answer to one that `asks_again` changes which questions follow. One about a column has
    an `example` of what is in it.
    """

    name: str
    label: Text
    options: Sequence[tuple[str, Text]]
    chosen: str
    help: Text = ""
    asks_again: bool = False
    example: str | None = None


class Importer:
    """Turns what a person brings along into candidates.

    What was brought is kept as `records`, a list of JSON values, until it is saved or a day has
    passed. `read` is asked whenever the preview is shown, so it is quick, and its texts are in the
    language of the reader.
    """

    key: ClassVar[str]
    # `title` heads its page, `summary` stands in the list, `steps` say where to get the input.
    title: ClassVar[Text]
    summary: ClassVar[Text]
    steps: ClassVar[Sequence[Text]] = ()

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> Reading:
        """Return the candidates and what is wrong with the rest."""
        raise NotImplementedError


class FileImporter(Importer):
    """Reads a file."""

    # As of the attribute of a file field.
    accept: ClassVar[str]

    def load(self, data: bytes) -> list[Any]:
        """Return the file as JSON values. Raises ImportFault.

        A file is hostile: bound everything before it is built up.
        """
        raise NotImplementedError

    def questions(self, records: Sequence[Any], options: Mapping[str, str]) -> list[Question]:
        """Return what to ask before the preview, with a proposal each; none for most files."""
        return []

    def find_fault(self, records: Sequence[Any], options: Mapping[str, str]) -> str:
        """Return why there can be no preview with these answers, "" where there can."""
        return ""


@dataclass(frozen=True)
class Page:
    """The records of one answer, and how many there are on all pages, where the site says it.

    `following` is the address of the next page, "" for none.
    """

    records: list[dict[str, Any]]
    total: int | None = None
    following: str = ""


class SiteImporter(Importer):
    """Fetches what belongs to a login, page by page; a page has an address and says what it lists.

    `asks_since` tells that it asks for a day before which nothing counts.
    """

    # The settings that name the server and hold its token, if it takes one.
    site_setting: ClassVar[str]
    token_setting: ClassVar[str] = ""
    login_pattern: ClassVar[re.Pattern[str]]
    login_label: ClassVar[Text] = _l("User name")
    login_help: ClassVar[Text]
    asks_since: ClassVar[bool] = True
    # What the site answers where it knows no such login.
    unknown_status: ClassVar[int] = 422

    def first_pages(self, site: Site, login: str, since: dt.date) -> list[tuple[str, str]]:
        """Return what to fetch at first, as pairs of what a page lists and its address."""
        raise NotImplementedError

    def headers(self, token: str) -> dict[str, str]:
        raise NotImplementedError

    def parse(self, what: str, body: Any, headers: Mapping[str, str]) -> Page:
        """Return the records of a page. Raises TypeError, KeyError or ValueError for another shape.

        An answer is as untrusted as a file.
        """
        raise NotImplementedError

    def clean_login(self, text: str) -> str:
        """Return the login that was typed or pasted with its address, "" where it cannot be one."""
        login = clean_line(text).removeprefix("@")
        if login.startswith(("https://", "http://")):
            login = login.rstrip("/").rpartition("/")[2]
        return login if self.login_pattern.fullmatch(login) else ""
