"""Import a CSV table whose columns the user maps to fields."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line, complete_url, fold, strip_control_characters
from roadmap.evidence import labels
from roadmap.evidence.kinds import KINDS
from roadmap.importers.importer import FileImporter, ImportFault, ParseResult, Question
from roadmap.importers.readers import (
    MAX_TEXT,
    SHORT_DATE,
    add_candidate,
    csv_rows,
    decode_text,
    is_ambiguous_date,
    match_level,
)
from roadmap.importers.records import MAX_CANDIDATES, RECORDS

MAX_COLUMNS = 60
DELIMITERS = ";,\t|"
# Excel's first line that declares the delimiter.
_DELIMITER_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
TRUE_VALUES = frozenset({"1", "y", "yes", "true", "x", "ja", "wahr", "oui", "si"})

# Common column names, folded. The first one that occurs in the file is proposed.
NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "titel", "name", "position", "role", "job title", "what", "titre"),
    "kind": ("kind", "type", "art", "category", "kategorie", "typ"),
    "occurred_on": ("date", "datum", "when", "occurred on", "day", "finished", "completed"),
    "url": ("url", "link", "address", "web", "permalink", "adresse"),
    "description": ("description", "beschreibung", "details", "notes", "note", "notiz", "text",
                    "summary", "abstract"),
    "role": ("your role", "my role", "role", "rolle"),
    "issuer": ("issuer", "issued by", "authority", "aussteller", "organization", "organisation",
               "awarder", "awarded by"),
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
# Column names that suggest a record kind other than evidence.
RECORD_HINTS = {
    "position": ("employer", "company", "company name", "firma", "arbeitgeber"),
    "degree": ("degree", "degree name", "institution", "school name", "university", "abschluss"),
}


class CsvImporter(FileImporter):
    key = "csv"
    title = _l("A table (CSV)")
    summary = _l("Evidence, positions or degrees from a spreadsheet, one per row.")
    steps = (
        _l("In Excel, Numbers, LibreOffice or Google Sheets, save the sheet as CSV."),
        _l("The first row names the columns. Any names will do: you say which is which."),
        _l("A column with a link is the most useful: it is what a reader opens."),
    )
    accept = ".csv,.tsv,.txt,text/csv"

    def load(self, data: bytes) -> list[Any]:
        text = decode(data)
        delimiter = None
        if found := _DELIMITER_LINE.match(text):
            delimiter, text = found[1], text[found.end() :]
        above = 1 if found else 0
        rows: list[dict[str, Any]] = []
        for line, row in csv_rows(text, delimiter or detect_delimiter(text), line=1 + above):
            cells = [strip_control_characters(cell).strip() for cell in row]
            if len(cells) > MAX_COLUMNS:
                raise ImportFault(
                    _("Line %(line)s has more than %(most)s columns.", line=line, most=MAX_COLUMNS)
                )
            if any(len(cell) > MAX_TEXT for cell in cells):
                raise ImportFault(
                    _("Line %(line)s has a text of more than %(most)s characters.",
                      line=line, most=MAX_TEXT)
                )  # fmt: skip
            if any(cells):
                rows.append({"line": line, "cells": cells})
            if len(rows) > MAX_CANDIDATES + 1:
                raise ImportFault(
                    _("The file has more than %(most)s rows. Split it, and import the "
                      "parts one by one.", most=MAX_CANDIDATES)
                )  # fmt: skip
        if len(rows) < 2:
            raise ImportFault(
                _("There are no rows below the first one, which names the columns. Add "
                  "rows, and save the file again.")
            )  # fmt: skip
        return rows

    def questions(self, records: Sequence[Any], options: Mapping[str, str]) -> list[Question]:
        header, rows = records[0]["cells"], records[1:]
        folded = [clean_line(fold(name).replace("_", " ")) for name in header]
        record = options.get("record", "")
        record = record if record in RECORDS else _guess_record(folded)
        asked = [
            Question(
                "record",
                _l("What does each row describe?"),
                [(key, each.label) for key, each in RECORDS.items()],
                record,
                asks_again=True,
            )
        ]
        if record == "evidence":
            asked.append(
                Question(
                    "kind",
                    _l("Kind for rows that name none"),
                    list(labels.KINDS.items()),
                    options.get("kind", "other"),
                    _l("You can change it for all of them in the preview."),
                )
            )
        order = _guess_order(rows)
        unsure = [] if order else [("", _l("Choose"))]
        asked.append(
            Question(
                "order",
                _l("03/04/2026 is"),
                [*unsure, ("dmy", _l("3 April")), ("mdy", _l("4 March"))],
                options.get("order") or order,
                _l("Only for dates in this format. No date in this file shows which is meant.")
                if unsure
                else _l("Only for dates in this format."),
            )
        )
        fields, proposed = RECORDS[record].fields, _propose_fields(folded, record)
        for number, name in enumerate(header):
            key = _column(number)
            asked.append(
                Question(
                    key,
                    name[:60] or _("Column %(number)s", number=number + 1),
                    [("", _l("Skip")), *fields.items()],
                    options.get(key, proposed.get(number, "")),
                    example=_example(rows, number),
                )
            )
        return asked

    def find_fault(self, records: Sequence[Any], options: Mapping[str, str]) -> str:
        if not options["order"]:
            return _("Choose whether 03/04/2026 is 3 April or 4 March in this file.")
        record = RECORDS[options["record"]]
        chosen = [options[_column(number)] for number in range(len(records[0]["cells"]))]
        for name, label in record.fields.items():
            if chosen.count(name) > 1:
                return _("More than one column is set to “%(field)s”. Keep one.", field=label)
            if name in record.required and name not in chosen:
                return _("No column is set to “%(field)s”, which is required.", field=label)
        return ""

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        record, order = options["record"], options["order"]
        names = {
            name: number
            for number in range(len(records[0]["cells"]))
            if (name := options.get(_column(number), ""))
        }
        result = ParseResult()
        unknown_kinds: dict[str, None] = {}
        short_date = ""
        for row in records[1:]:
            cells = row["cells"]
            values = {
                name: cells[column] if column < len(cells) else "" for name, column in names.items()
            }
            if record == "evidence":
                if (named := values.get("kind", "")) and not match_kind(named):
                    unknown_kinds[named[:40]] = None
                values["kind"] = match_kind(named) or options["kind"]
                values["url"] = complete_url(values.get("url"))
            elif record == "degree":
                values["level"] = match_level(values.get("level", ""))
            elif record == "position":
                values["is_ml"] = "1" if fold(values.get("is_ml", "")) in TRUE_VALUES else ""
            short_date = short_date or next(
                (
                    text
                    for name, text in values.items()
                    if name.endswith("_on") and is_ambiguous_date(text)
                ),
                "",
            )
            add_candidate(
                result, record, values, source="csv", line=row["line"], order=order,
                fields_hint=_("a column that is imported as “Link” or “Description”"),
            )  # fmt: skip
        if unknown_kinds:
            named = ", ".join(f"“{each}”" for each in list(unknown_kinds)[:10])
            result.notes.append(
                _("Not a kind of evidence: %(names)s. These rows are imported as "
                  "“%(kind)s”; you can change each kind below.",
                  names=named, kind=labels.KINDS[options["kind"]])
            )  # fmt: skip
        if short_date:
            read = _("day, month, year") if order == "dmy" else _("month, day, year")
            result.notes.append(
                _("Dates such as “%(typed)s” are read as %(order)s. If that is wrong, change the "
                  "columns.", typed=short_date[:20], order=read)
            )  # fmt: skip
        return result


def decode(data: bytes) -> str:
    """Decode a CSV file. Raises ImportFault for workbooks and other binary files."""
    if data.startswith(b"PK\x03\x04"):
        raise ImportFault(
            _("This is a workbook, not a CSV file. Open it, and save the sheet as CSV.")
        )
    return decode_text(data, _("This is not a text file. Save the sheet as CSV."))


def detect_delimiter(text: str) -> str:
    """Return the delimiter with the most consistent number of columns, then the most columns."""

    def score(delimiter: str) -> tuple[int, int]:
        # The sample may end inside a quoted value, so parsing is not strict.
        sample = csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=delimiter)
        widths = [len(row) for row in islice(sample, 20)]
        first = widths[0] if widths else 0
        return (sum(width == first for width in widths) if first > 1 else 0, first)

    return max(DELIMITERS, key=score)


def _column(number: int) -> str:
    return f"column-{number}"


def _propose_fields(folded: Sequence[str], record: str) -> dict[int, str]:
    proposed: dict[int, str] = {}
    for field in RECORDS[record].fields:
        columns = (folded.index(each) for each in NAMES.get(field, ()) if each in folded)
        column = next((each for each in columns if each not in proposed), None)
        if column is not None:
            proposed[column] = field
    return proposed


def _example(rows: Sequence[Any], number: int) -> str:
    """Return the first non-empty value of a column, truncated."""
    values = (row["cells"][number] for row in rows[:20] if number < len(row["cells"]))
    sample = clean_line(next(filter(None, values), ""))
    return f"{sample[:40]}…" if len(sample) > 40 else sample


def _guess_record(folded: Sequence[str]) -> str:
    for record, names in RECORD_HINTS.items():
        if not set(names).isdisjoint(folded):
            return record
    return "evidence"


def _guess_order(rows: Sequence[Any]) -> str:
    """Guess the date order: "mdy", "dmy", or "" if all dates are ambiguous."""
    cells = [cell for row in rows for cell in row["cells"]]
    dates = list(filter(None, map(SHORT_DATE.fullmatch, cells)))
    if any(int(found[2]) > 12 for found in dates):
        return "mdy"
    tells = any(int(found[1]) > 12 for found in dates)
    return "" if not tells and any(map(is_ambiguous_date, cells)) else "dmy"


def match_kind(text: str) -> str:
    """Return the evidence kind with this key or label, "" for none."""
    wanted = fold(text).replace("_", " ").replace("-", " ")
    for key, label in labels.KINDS.items():
        names = {key.replace("_", " "), *(fold(each).replace("-", " ") for each in (
            str(label), KINDS[key].label, KINDS[key].name,
        ))}  # fmt: skip
        if wanted in names:
            return key
    return ""
