"""Shared parsing helpers for importers.

Input is untrusted: a file may have any encoding, and a JSON value any type.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roadmap.career.models import DEGREE_LEVELS
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _, current_locale, month_names
from roadmap.core.text import clean_line, complete_url, fold, strip_control_characters
from roadmap.evidence import labels
from roadmap.evidence.rules import MAX_LENGTHS, is_web_address
from roadmap.importers.importer import (
    Candidate,
    ImportFault,
    ParseResult,
    describe_place,
    make_external_id,
)
from roadmap.importers.records import MAX_CANDIDATES, RECORDS

MAX_TEXT = 20_000
# Evidence fields that are truncated with a note if they are too long.
TRUNCATED_FIELDS = ("title", "issuer", "description")
# End dates of ongoing positions.
ONGOING = frozenset({"present", "now", "today", "current", "heute", "aktuell", "-", "–"})
_ISO_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ].*")
_UNKNOWN_DAY = re.compile(r"(\d{4})(?:-(\d\d))?-00(?:-00)?")
# Dates as spreadsheets write them. The first number may be the day or the month.
SHORT_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: [\d:]+)?")
_ARXIV = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.I)
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
LEVEL_WORDS = {
    "doctorate": ("phd", "ph.d", "doctor", "dr.", "doktor", "promotion"),
    "master": ("master", "msc", "m.sc", "m.s", "mba", "magister", "diplom", "meng", "m.eng"),
    "bachelor": ("bachelor", "bsc", "b.sc", "b.s", "b.a", "beng", "b.eng"),
}


def decode_text(data: bytes, otherwise: str) -> str:
    """Decode a file as UTF-8, UTF-16 or Windows-1252.

    Raises ImportFault with the message `otherwise` for binary files.
    """
    if data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8-sig", "replace")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise ImportFault(otherwise)
    try:
        return data.decode()
    except UnicodeDecodeError:
        # Windows-1252 maps almost every byte to a character.
        return data.decode("cp1252", "replace")


def csv_rows(text: str, delimiter: str = ",", *, line: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of a CSV table with the line on which it begins. Raises ImportFault.

    `line` is the number of the first line. Parsing is strict, because an unclosed quotation mark
    would swallow the following rows.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    first = line
    try:
        for row in reader:
            yield line, row
            line = first + reader.line_num
    except csv.Error:
        raise ImportFault(
            _("This file cannot be read as a table. Line %(line)s: a quotation mark is "
              "not closed, a quotation mark inside a text is not doubled, or the text is "
              "too long.", line=line)
        ) from None  # fmt: skip


def iso_date(text: str, order: str = "") -> str:
    """Return a day, month or year as ISO 8601, "" if empty or ongoing. Raises ValueError.

    `order` decides whether 03/04/2026 is the third of April ("dmy") or the fourth of March ("mdy").
    """
    text = clean_line(text)
    if not text or fold(text) in ONGOING:
        return ""
    if found := _ISO_MOMENT.fullmatch(text):
        text = found[1]
    elif found := _UNKNOWN_DAY.fullmatch(text):
        text = "-".join(part for part in found.groups() if part and part != "00")
    elif order and (found := SHORT_DATE.fullmatch(text)):
        day, month = (found[1], found[2]) if order == "dmy" else (found[2], found[1])
        text = f"{found[3]}-{month}-{day}"
    return PartialDate.parse(text, month_names(current_locale())).isoformat()


def is_ambiguous_date(text: str) -> bool:
    """Return whether a date is ambiguous: valid both as day/month and as month/day."""
    found = SHORT_DATE.fullmatch(clean_line(text))
    return found is not None and int(found[1]) <= 12 >= int(found[2]) and found[1] != found[2]


def _set_dates(values: dict[str, str], order: str = "") -> dict[str, str]:
    """Convert dates to ISO 8601 in place, and return the errors of invalid ones by field."""
    parse_errors = {}
    for name, typed in values.items():
        if not name.endswith("_on"):
            continue
        try:
            values[name] = iso_date(typed, order)
        except ValueError:
            values[name] = ""
            texts = {"typed": typed[:80], "forms": _("2026-03-15, 15 Mar 2026, Mar 2026 or 2026")}
            parse_errors[name] = (
                _("“%(typed)s” is ambiguous: day or month may come first. Write it as %(forms)s.",
                  **texts)
                if not order and is_ambiguous_date(typed)
                else _("“%(typed)s” is not a date. Write it as %(forms)s.", **texts)
            )  # fmt: skip
    return parse_errors


def add_candidate(
    result: ParseResult,
    record: str,
    values: dict[str, str],
    *,
    source: str,
    own_id: str = "",
    place: str = "",
    line: int | None = None,
    order: str = "",
    fields_hint: str = "",
) -> None:
    """Add a record with normalized dates and truncated texts to the result.

    Without `own_id`, its external id is derived from `source` and the record's identity fields.
    `fields_hint` names the input fields that can provide a link or a description, for an error.
    """
    is_current = fold(clean_line(values.get("ended_on", ""))) in ONGOING
    parse_errors = _set_dates(values, order)
    parts = [fold(values.get(name, "")) for name in RECORDS[record].identity]
    external_id = own_id or make_external_id(source, record, *parts)
    if record == "evidence":
        _fill_description(values, parse_errors, fields_hint)
        _truncate_texts(result, values)
    result.candidates.append(
        Candidate(
            record, external_id, values, where=describe_place(place, line), line=line,
            parse_errors=parse_errors, is_current=is_current,
        )
    )  # fmt: skip


def _fill_description(
    values: dict[str, str], parse_errors: dict[str, str], fields_hint: str
) -> None:
    """Use the issuer as the description of a piece that has neither link nor description.

    Without an issuer, add an error to `parse_errors` with `fields_hint`, the fields to fill in.
    """
    if values.get("url") or values.get("description"):
        return
    values["description"] = values.get("issuer", "")
    if not values["description"]:
        parse_errors["url"] = _(
            "There is no link and no description, so a reader has nothing to look at. "
            "Fill in %(fields)s and import again, or leave this out and add it by hand.",
            fields=fields_hint,
        )


def _truncate_texts(result: ParseResult, values: dict[str, str]) -> None:
    """Truncate evidence fields that are too long, and add a note for each."""
    for name in TRUNCATED_FIELDS:
        if len(text := values.get(name, "")) > (most := MAX_LENGTHS[name]):
            values[name] = f"{text[: most - 1].rstrip()}…"
            result.notes.append(
                _("“%(title)s”: %(field)s has more than %(most)s characters. The rest is "
                  "left out.",
                  title=values["title"][:60], field=labels.FIELDS[name], most=most)
            )  # fmt: skip


def doi_of(text: str) -> str:
    """Extract the DOI from an identifier or URL, "" for none."""
    found = _DOI.fullmatch(text)
    return found[1] if found else ""


def arxiv_of(text: str) -> str:
    """Return the arXiv id without its version, "" for none."""
    found = _ARXIV.fullmatch(text)
    return found[1] if found else ""


def work_id(values: Mapping[str, str], *, doi: str = "", arxiv: str = "", own_id: str = "") -> str:
    """Return an id for a publication that is the same for all sources."""
    if doi:
        return make_external_id("doi", doi.lower())
    if arxiv:
        return make_external_id("arxiv", arxiv.lower())
    title = fold(values["title"][: MAX_LENGTHS["title"]])
    year = re.search(r"\d{4}", values["occurred_on"])
    return own_id or make_external_id("work", title, year[0] if year else "")


def match_level(text: str) -> str:
    """Map a degree name to a level: "other" for an unknown name, "" for an empty one."""
    wanted = fold(text)
    if wanted in DEGREE_LEVELS:
        return wanted
    for level, words in LEVEL_WORDS.items():
        if any(re.search(rf"\b{re.escape(word)}", wanted) for word in words):
            return level
    return "other" if wanted else ""


def check_entry_count(entries: Sequence[Any]) -> None:
    """Raise ImportFault if there are more entries than a file may have."""
    if len(entries) > MAX_CANDIDATES:
        raise ImportFault(
            _("The file has more than %(most)s entries, the most that can be imported from one.",
              most=MAX_CANDIDATES)
        )  # fmt: skip


def web_address(text: str) -> str:
    """Normalize a web address, "" for anything else."""
    url = complete_url(text)
    return url if is_web_address(url) else ""


def as_text(value: Any) -> str:
    """Convert a string or integer to text, "" for any other type."""
    if isinstance(value, str):
        return strip_control_characters(value[: MAX_TEXT + 1]).strip()
    is_number = isinstance(value, int) and not isinstance(value, bool)
    # Python raises ValueError when it converts very long integers to text.
    return str(value) if is_number and abs(value) < 10**15 else ""


def text_at(value: Any, *path: str) -> str:
    """Return the text at a path of nested keys, "" if it is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return as_text(value)
