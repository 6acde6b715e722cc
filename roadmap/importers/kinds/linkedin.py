"""Import the ZIP of a LinkedIn data export."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line, clean_multiline
from roadmap.core.zip_reader import DAMAGED, ZipReader, ZipRefused
from roadmap.importers.importer import (
    FileImporter,
    ImportFault,
    ParseResult,
)
from roadmap.importers.readers import (
    MAX_TEXT,
    add_candidate,
    check_entry_count,
    csv_rows,
    decode_text,
    match_level,
    web_address,
)
from roadmap.importers.records import MAX_CANDIDATES

MAX_MEMBERS = 1_000
# Total unpacked size of the files that are read. Positions usually take about ten kilobytes.
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Table:
    """A CSV file of the ZIP: its record kind and column names by field."""

    record: str
    columns: Mapping[str, str]
    kind: str = ""


TABLES = {
    "positions.csv": Table(
        "position",
        {"title": "title", "employer": "company name", "started_on": "started on",
         "ended_on": "finished on", "summary": "description"},
    ),
    "education.csv": Table(
        "degree",
        {"level": "degree name", "institution": "school name", "awarded_on": "end date"},
    ),
    "certifications.csv": Table(
        "evidence",
        {"title": "name", "url": "url", "issuer": "authority", "occurred_on": "started on",
         "issued_on": "started on", "expires_on": "finished on"},
        "certification",
    ),
    "publications.csv": Table(
        "evidence",
        {"title": "name", "occurred_on": "published on", "description": "description",
         "issuer": "publisher", "url": "url"},
        "publication",
    ),
    "patents.csv": Table(
        "evidence",
        {"title": "title", "occurred_on": "issued on", "description": "description", "url": "url"},
        "patent",
    ),
    "projects.csv": Table(
        "evidence",
        {"title": "title", "occurred_on": "finished on", "description": "description",
         "url": "url"},
        "other",
    ),
}  # fmt: skip
"""The supported files by case-folded base name."""


class LinkedInImporter(FileImporter):
    key = "linkedin"
    title = _l("LinkedIn")
    summary = _l("Positions, degrees, certifications, publications, patents and projects.")
    steps = (
        _l("LinkedIn: Settings & Privacy, Data privacy, Get a copy of your data."),
        _l("Choose only what you need there, such as Profile: the file can be up to 1 MB."),
        _l("LinkedIn mails you when the ZIP is ready. Choose it here unchanged."),
        _l("A full export is larger: unpack it, and put only %(names)s, or those of them "
           "that it has, into a new ZIP.", names=", ".join(map(str.capitalize, TABLES))),
    )  # fmt: skip
    accept = ".zip,application/zip"

    def load(self, data: bytes) -> list[Any]:
        records: list[dict[str, Any]] = []
        for name, table in _tables(data):
            records += [{"table": name, "line": line, "cells": row} for line, row in table]
            check_entry_count(records)
        if not records:
            raise ImportFault(
                _("There are no positions, degrees, certifications, publications, patents or "
                  "projects in this ZIP. Ask LinkedIn for your Profile.")
            )  # fmt: skip
        return records

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        result = ParseResult()
        for each in records:
            table, cells = TABLES[each["table"]], each["cells"]
            values = {name: cells.get(column, "") for name, column in table.columns.items()}
            if table.record == "degree":
                values["field"] = clean_line(values["level"])
                values["level"] = match_level(values["level"]) or "other"
            elif table.record == "evidence":
                values |= {"kind": table.kind, "url": web_address(values.get("url", ""))}
                # An ongoing project is dated by its start.
                values["occurred_on"] = values["occurred_on"] or cells.get("started on", "")
            add_candidate(
                result, table.record, values, source="linkedin",
                place=each["table"].capitalize(), line=each["line"],
                fields_hint=_("a link or a description on LinkedIn or in the file"),
            )  # fmt: skip
        return result


def _tables(data: bytes) -> Iterator[tuple[str, list[tuple[int, dict[str, str]]]]]:
    """Yield the rows of each supported file. Raises ImportFault."""
    fault = ImportFault(
        _("This is not the ZIP that LinkedIn gives you, or it is damaged. Download it again.")
    )
    try:
        archive = ZipReader(io.BytesIO(data), max_members=MAX_MEMBERS)
        left = MAX_BYTES
        for path in archive.members:
            # Only the base name is used, and nothing is written to disk.
            name = path.rpartition("/")[2].casefold()
            if name in TABLES:
                text = archive.read(path, left)
                left -= len(text)
                try:
                    yield name, _rows(decode_text(text, str(fault)), TABLES[name])
                except ImportFault as found:
                    raise ImportFault(f"{name.capitalize()}: {found}") from None
    except ZipRefused as refused:
        raise (fault if str(refused) == str(DAMAGED) else ImportFault(str(refused))) from None


def _rows(text: str, table: Table) -> list[tuple[int, dict[str, str]]]:
    """Return the rows below the header with line numbers, skipping notes above it."""
    header: list[str] = []
    rows = []
    wanted = set(table.columns.values())
    for line, row in csv_rows(text):
        cells = [clean_multiline(cell[: MAX_TEXT + 1]) for cell in row]
        if header and any(cells):
            rows.append((line, dict(zip(header, cells, strict=False))))
        elif not header and len(wanted & {clean_line(cell).casefold() for cell in cells}) > 1:
            header = [clean_line(cell).casefold() for cell in cells]
        if len(rows) > MAX_CANDIDATES:
            break
    return rows
