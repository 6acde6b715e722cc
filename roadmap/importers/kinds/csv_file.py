"""A table from a spreadsheet: the person says which column is which."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roadmap.career.models import DEGREE_LEVELS
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import current_locale, month_names
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.text import clean_line, complete_url, fold, strip_control_characters
from roadmap.evidence import labels
from roadmap.evidence.kinds import KINDS
from roadmap.importers.importer import (
    Candidate,
    FileImporter,
    ImportFault,
    Question,
    Reading,
    make_external_id,
)
from roadmap.importers.readers import ONGOING, decode_text
from roadmap.importers.records import MAX_CANDIDATES, RECORDS

MAX_COLUMNS = 60
MAX_CELL_LENGTH = 20_000
DELIMITERS = ";,\t|"
# A spreadsheet that is told its delimiter by the file itself.
_DELIMITER_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
# Days as spreadsheets write them, of which the first number may be the month.
_SHORT_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: [\d:]+)?")
_ISO_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d.*")
DATE_FIELDS = ("occurred_on", "issued_on", "expires_on", "started_on", "ended_on", "awarded_on")
YES = frozenset({"1", "y", "yes", "true", "x", "ja", "wahr", "oui", "si"})

# How columns are often named, folded; the first of a list that a file has is proposed.
NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "titel", "name", "position", "role", "job title", "what", "titre"),
    "kind": ("kind", "type", "art", "category", "kategorie", "typ"),
    "occurred_on": ("date", "datum", "when", "occurred on", "day", "finished", "completed"),
    "url": ("url", "link", "address", "web", "permalink", "adresse"),
    "description": ("description", "beschreibung", "details", "notes", "note", "notiz", "text"),
    "role": ("your role", "my role", "role", "rolle"),
    "issuer": ("issuer", "issued by", "authority", "aussteller", "organization", "organisation"),
    "issued_on": ("issued on", "issued", "issue date", "ausgestellt"),
    "expires_on": ("expires on", "expires", "expiry", "expiration date", "gultig bis"),
    "employer": ("employer", "company", "company name", "organization", "firma", "arbeitgeber"),
    "started_on": ("from", "start", "started on", "start date", "von", "beginn", "startdate"),
    "ended_on": ("until", "to", "end", "ended on", "end date", "bis", "ende", "enddate"),
    "is_ml": ("ml", "machine learning", "is ml"),
    "summary": ("summary", "description", "beschreibung", "notes"),
    "level": ("level", "degree", "degree name", "studytype", "abschluss", "grad"),
    "field": ("field", "area", "subject", "major", "fach", "notes"),
    "institution": ("institution", "school", "school name", "university", "hochschule"),
    "awarded_on": ("awarded on", "date", "end date", "graduated", "year", "jahr", "datum"),
}  # fmt: skip
# What says of a file that it is not about evidence.
TELLING = {
    "position": ("employer", "company", "company name", "firma", "arbeitgeber"),
    "degree": ("degree", "degree name", "institution", "school name", "university", "abschluss"),
}
LEVEL_WORDS = {
    "doctorate": ("phd", "ph.d", "doctor", "dr.", "doktor", "promotion"),
    "master": ("master", "msc", "m.sc", "m.s", "mba", "magister", "diplom", "meng", "m.eng"),
    "bachelor": ("bachelor", "bsc", "b.sc", "b.s", "b.a", "beng", "b.eng"),
}


class CsvImporter(FileImporter):
    key = "csv"
    title = _l("A table (CSV)")
    summary = _l("Evidence, positions or degrees from a spreadsheet, a row each.")
    steps = (
        _l("In Excel, Numbers, LibreOffice or Google Sheets, save the sheet as CSV."),
        _l("Its first row names the columns; any names will do, you say which is which."),
        _l("A column with a link is worth most: it is what a reader opens."),
    )
    accept = ".csv,.tsv,.txt,text/csv"

    def load(self, data: bytes) -> list[Any]:
        text = decode(data)
        delimiter = None
        if found := _DELIMITER_LINE.match(text):
            delimiter, text = found[1], text[found.end() :]
        lines_before = 1 if found else 0
        rows: list[dict[str, Any]] = []
        try:
            for line, row in _rows(text, delimiter or detect_delimiter(text)):
                cells = [strip_control_characters(cell).strip() for cell in row]
                if len(cells) > MAX_COLUMNS:
                    raise ImportFault(
                        _("Line %(line)s has more than %(most)s columns.",
                          line=line, most=MAX_COLUMNS)
                    )  # fmt: skip
                if any(len(cell) > MAX_CELL_LENGTH for cell in cells):
                    raise ImportFault(
                        _("Line %(line)s has a text of more than %(most)s characters.",
                          line=line, most=MAX_CELL_LENGTH)
                    )  # fmt: skip
                if any(cells):
                    rows.append({"line": line + lines_before, "cells": cells})
                if len(rows) > MAX_CANDIDATES + 1:
                    raise ImportFault(
                        _("The file has more than %(most)s rows. Split it, and import one part "
                          "after the other.", most=MAX_CANDIDATES)
                    )  # fmt: skip
        except csv.Error:
            raise ImportFault(
                _("This file cannot be read as a table. Save it as CSV again.")
            ) from None
        if len(rows) < 2:
            raise ImportFault(
                _("There is no row below the first one, which names the columns. Add rows, and "
                  "save the file again.")
            )  # fmt: skip
        return rows

    def questions(self, records: Sequence[Any], options: Mapping[str, str]) -> list[Question]:
        header, rows = records[0]["cells"], records[1:]
        folded = [clean_line(fold(name).replace("_", " ")) for name in header]
        record = options.get("record", "")
        record = record if record in RECORDS else _guess_record(folded)
        columns = [(str(number), _column(header, rows, number)) for number in range(len(header))]
        asked = [
            Question(
                "record",
                _l("What is in a row?"),
                [(key, each.label) for key, each in RECORDS.items()],
                record,
                asks_again=True,
            )
        ]
        taken: set[int] = set()
        for name, label in RECORDS[record].fields.items():
            proposal = next(
                (folded.index(each) for each in NAMES.get(name, ())
                 if each in folded and folded.index(each) not in taken), None
            )  # fmt: skip
            if proposal is not None and f"column-{name}" not in options:
                taken.add(proposal)
            chosen = options.get(f"column-{name}", "" if proposal is None else str(proposal))
            none = ("", _l("No column") if name in RECORDS[record].optional else _l("Choose…"))
            asked.append(Question(f"column-{name}", label, [none, *columns], chosen))
        if record == "evidence":
            asked.append(
                Question(
                    "kind",
                    _l("Kind where the row names none"),
                    list(labels.KINDS.items()),
                    options.get("kind", "other"),
                    _l("You can change it for all of them in the preview."),
                )
            )
        asked.append(
            Question(
                "order",
                _l("03/04/2026 is"),
                [("dmy", _l("3 April")), ("mdy", _l("4 March"))],
                options.get("order") or _guess_order(rows),
                _l("Only for dates that are written so."),
            )
        )
        return asked

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> Reading:
        record = options["record"]
        names = {
            name: int(column)
            for name in RECORDS[record].fields
            if (column := options.get(f"column-{name}", ""))
        }
        reading, months = Reading(), month_names(current_locale())
        unknown_kinds: dict[str, None] = {}
        short_date = ""
        for row in records[1:]:
            cells, line = row["cells"], row["line"]
            values = {
                name: cells[column] if column < len(cells) else "" for name, column in names.items()
            }
            unread: dict[str, str] = {}
            for name in DATE_FIELDS:
                if not values.get(name):
                    continue
                if name == "ended_on" and fold(values[name]) in ONGOING:
                    values[name] = ""
                    continue
                typed = values[name]
                try:
                    values[name] = parse_date(typed, options["order"], months)
                except ValueError:
                    values[name] = ""
                    unread[name] = _(
                        "“%(typed)s” is not a date. Write a day, month or year: 15 Mar 2026, "
                        "Mar 2026 or 2026.", typed=typed[:80]
                    )  # fmt: skip
                else:
                    short_date = short_date or (typed if _has_two_orders(typed) else "")
            if record == "evidence":
                if (named := values.get("kind", "")) and not match_kind(named):
                    unknown_kinds[named[:40]] = None
                values["kind"] = match_kind(named) or options["kind"]
                values["url"] = complete_url(values.get("url"))
            elif record == "degree":
                values["level"] = match_level(values.get("level", ""))
            elif record == "position":
                values["is_ml"] = "1" if fold(values.get("is_ml", "")) in YES else ""
            parts = [fold(values.get(name, "")) for name in RECORDS[record].identity]
            external_id = make_external_id("csv", record, *parts)
            reading.candidates.append(
                Candidate(record, external_id, values, line=line, unread=unread)
            )
        if unknown_kinds:
            named = ", ".join(f"“{each}”" for each in list(unknown_kinds)[:10])
            reading.notes.append(
                _("No kind of evidence: %(names)s. These rows are taken as “%(kind)s”; each kind "
                  "below can be changed.", names=named, kind=labels.KINDS[options["kind"]])
            )  # fmt: skip
        if short_date:
            read = _("day, month, year") if options["order"] == "dmy" else _("month, day, year")
            reading.notes.append(
                _("Dates such as “%(typed)s” are read as %(order)s. If that is wrong, change the "
                  "columns.", typed=short_date[:20], order=read)
            )  # fmt: skip
        return reading


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or Windows-1252. Raises ImportFault."""
    if data.startswith(b"PK\x03\x04"):
        raise ImportFault(
            _("This is a workbook, not a CSV file. Open it, and save the sheet as CSV.")
        )
    return decode_text(data, _("This is not a text file. Save the sheet as CSV."))


def detect_delimiter(text: str) -> str:
    """Return the delimiter that makes the most columns, in the most lines the same number."""
    sample = text[:20_000]

    def regularity(delimiter: str) -> tuple[int, int]:
        widths = []
        for _line, row in _rows(sample, delimiter):
            widths.append(len(row))
            if len(widths) == 20:
                break
        first = widths[0] if widths else 0
        return (sum(width == first for width in widths) if first > 1 else 0, first)

    return max(DELIMITERS, key=regularity)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it begins. Raises csv.Error."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for row in reader:
        yield line, row
        line = reader.line_num + 1


def _column(header: Sequence[str], rows: Sequence[Any], number: int) -> str:
    """Return the name of a column, with the first value in it."""
    name = header[number][:60] or _("Column %(number)s", number=number + 1)
    values = (row["cells"][number] for row in rows[:20] if number < len(row["cells"]))
    sample = clean_line(next(filter(None, values), ""))
    return f"{name}: {sample[:40]}{'…' if len(sample) > 40 else ''}" if sample else name


def _guess_record(folded: Sequence[str]) -> str:
    for record, names in TELLING.items():
        if not set(names).isdisjoint(folded):
            return record
    return "evidence"


def _guess_order(rows: Sequence[Any]) -> str:
    """Return "mdy" where a second number is no month, "dmy" otherwise."""
    for row in rows:
        for cell in row["cells"]:
            if (found := _SHORT_DATE.fullmatch(cell)) and int(found[2]) > 12:
                return "mdy"
    return "dmy"


def _has_two_orders(text: str) -> bool:
    """Tell whether a date is another day where its month is written first."""
    found = _SHORT_DATE.fullmatch(clean_line(text))
    return found is not None and int(found[1]) <= 12 >= int(found[2]) and found[1] != found[2]


def parse_date(text: str, order: str, months: Mapping[str, int]) -> str:
    """Return a date as ISO 8601. Raises ValueError."""
    text = clean_line(text)
    if found := _ISO_MOMENT.fullmatch(text):
        text = found[1]
    elif found := _SHORT_DATE.fullmatch(text):
        day, month = (found[1], found[2]) if order == "dmy" else (found[2], found[1])
        text = f"{found[3]}-{month}-{day}"
    return PartialDate.parse(text, months).isoformat()


def match_kind(text: str) -> str:
    """Return the kind that a text names by its key or its label, "" where it names none."""
    wanted = fold(text).replace("_", " ").replace("-", " ")
    for key, label in labels.KINDS.items():
        names = {key.replace("_", " "), *(fold(each).replace("-", " ") for each in (
            str(label), KINDS[key].label, KINDS[key].name,
        ))}  # fmt: skip
        if wanted in names:
            return key
    return ""


def match_level(text: str) -> str:
    """Return the level of a degree; "other" for a name that tells none, "" for nothing."""
    wanted = fold(text)
    if wanted in DEGREE_LEVELS:
        return wanted
    for level, words in LEVEL_WORDS.items():
        if any(re.search(rf"\b{re.escape(word)}", wanted) for word in words):
            return level
    return "other" if wanted else ""
