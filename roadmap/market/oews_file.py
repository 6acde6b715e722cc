"""Parse the OEWS state file as published by the Bureau of Labor Statistics.

The file is a ZIP with a workbook of about 37,000 rows. Its sheet "Field Descriptions" documents the
columns and special values. CSV files are supported as well. The year is part of the file or sheet
name, not a column.

https://www.bls.gov/oes/tables.htm
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roadmap.core.text import format_count
from roadmap.market.rules import Pay

MAX_BYTES = 100_000_000
MAX_UNPACKED = 600_000_000
MAX_ROWS = 1_000_000
MAX_ERRORS = 20
# The first year with a separate code for data scientists.
FIRST_YEAR = 2021
# A file with fewer of the 50 states and the District of Columbia is incomplete.
MIN_STATES = 40
# Annual wages at or above these amounts are published as "#".
CEILINGS = {2021: 208_000, 2022: 239_200, 2023: 239_200, 2024: 239_200, 2025: 239_200}

REQUIRED = (
    *("AREA", "AREA_TITLE", "AREA_TYPE", "PRIM_STATE", "OCC_CODE", "O_GROUP"),
    *("TOT_EMP", "A_MEAN", "A_MEDIAN"),
)
PERCENTILES = ("A_PCT10", "A_PCT25", "A_MEDIAN", "A_PCT75", "A_PCT90")
WAGES = ("A_MEAN", *PERCENTILES)
STATE, TERRITORY = "2", "3"
AREA_TYPES = {"1": "nation", "3": "territories", "4": "metropolitan areas", "6": "other areas"}
NOT_PUBLISHED = ("", "*", "**", "~", "-")
CEILING = "#"

YEAR_IN_NAME = re.compile(r"M(\d{4})_dl|oesm(\d{2})(?!\d)|\bMay (\d{4})\b", re.IGNORECASE)
CEILING_IN_TEXT = re.compile(r"equal to or greater than \$[\d.,]+ per hour or \$([\d,]+) per year")
# 133110, 133110.0 or 133,110.
NUMBER = re.compile(r"\$?(\d{1,7}|\d{1,3}(?:,\d{3}){1,2})(?:\.0+)?", re.ASCII)


class OewsError(Exception):
    """Raised for a file that cannot be imported. `lines` has one message per error."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class StateWages:
    """Wages and jobs of one occupation in one state."""

    mean: Pay
    median: Pay
    jobs: int | None


@dataclass(frozen=True, slots=True)
class OewsFile:
    """The parsed file: wages by occupation and state in May of a year."""

    name: str
    sha256: str
    year: int
    wages: Mapping[str, Mapping[str, StateWages]]
    territories: int


@dataclass(slots=True)
class _Table:
    """The rows of a file, and the file and sheet names that may contain its year."""

    rows: Iterator[Sequence[Any]]
    names: list[str]
    descriptions: str = ""


@dataclass(slots=True)
class _ParsedRows:
    occupations: Collection[str]
    states: Mapping[str, tuple[str, str]]
    ceiling: int | None = None
    errors: list[str] = field(default_factory=list)
    wages: dict[str, dict[str, StateWages]] = field(default_factory=dict)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    area_types: set[str] = field(default_factory=set)
    territories: set[str] = field(default_factory=set)


def read_oews(
    path: Path,
    *,
    occupations: Collection[str],
    states: Mapping[str, tuple[str, str]],
    latest_year: int,
    year: int | None = None,
    ceiling: int | None = None,
) -> OewsFile:
    """Parse the wages of these occupations. Raises OewsError or OSError.

    `states` maps FIPS codes to state code and name. `year` and `ceiling` (the annual wage that "#"
    represents) are used if the file does not contain them. The year must not be after
    `latest_year`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise OewsError(f"larger than {MAX_BYTES // 1_000_000} MB: not an OEWS state file")
    content = path.read_bytes()
    parsed = _ParsedRows(occupations, states)
    try:
        table = _table(path.name, content)
        year = _year([path.name, *table.names], year, latest_year)
        described = _described_ceiling(table.descriptions)
        parsed.ceiling = ceiling or described or CEILINGS.get(year)
        _read_rows(table.rows, parsed)
    except (zipfile.BadZipFile, zlib.error, SyntaxError, KeyError, ValueError, EOFError) as error:
        # bls.gov serves scripts an HTML page, which may have been saved under this name.
        raise OewsError(f"damaged, or not the type that its name suggests: {error}") from None
    errors = parsed.errors or _missing(parsed)
    if errors:
        more = len(errors) - MAX_ERRORS
        lines = errors[:MAX_ERRORS] + ([f"and {more} more"] if more > 0 else [])
        raise OewsError(*lines)
    return OewsFile(
        path.name, hashlib.sha256(content).hexdigest(), year, parsed.wages,
        len(parsed.territories),
    )  # fmt: skip


def _table(name: str, content: bytes) -> _Table:
    match name.lower().rpartition(".")[2]:
        case "zip":
            name, content = _unpack(content)
            table = _workbook(content)
            table.names.append(name)
            return table
        case "xlsx":
            return _workbook(content)
        case "csv":
            return _Table(_csv_rows(content), [])
        case "xls":
            raise OewsError(".xls workbooks are not supported: save it as XLSX or CSV first")
    raise OewsError("not a .zip, .xlsx or .csv file")


def _unpack(content: bytes) -> tuple[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        found = [each for each in packed.infolist() if each.filename.endswith("_dl.xlsx")]
        if len(found) != 1:
            raise OewsError(
                f"the ZIP has {len(found)} files that end in _dl.xlsx instead of one: "
                "unpack it and import the state file"
            )
        if found[0].file_size > MAX_BYTES:
            raise OewsError("the workbook in the ZIP is too large for an OEWS state file")
        return found[0].filename.rpartition("/")[2], packed.read(found[0])


def _workbook(content: bytes) -> _Table:
    # Imported here, because only the command needs it, not the server.
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(each.file_size for each in packed.infolist()) > MAX_UNPACKED:
            raise OewsError("the unpacked workbook is too large for an OEWS state file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    descriptions = " ".join(
        str(cell)
        for sheet in book.worksheets
        if "descri" in sheet.title.lower()
        for row in sheet.iter_rows(max_row=200, values_only=True)
        for cell in row
        if cell is not None
    )
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        first = next(sheet.iter_rows(max_row=1, values_only=True), ())
        if {"OCC_CODE", "A_MEAN"} <= {_column(cell) for cell in first}:
            return _Table(sheet.iter_rows(values_only=True), [sheet.title], descriptions)
    raise OewsError("not an OEWS state file: no sheet has the columns OCC_CODE and A_MEAN")


def _csv_rows(content: bytes) -> Iterator[Sequence[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise OewsError(f"not a valid CSV file: {error}") from None


def _year(names: Sequence[str], option_year: int | None, latest: int) -> int:
    """Return the year of the figures. File name, sheet name and option must agree."""
    found = {
        int(digits) if len(digits) == 4 else 2000 + int(digits)
        for name in names
        for match in YEAR_IN_NAME.finditer(name)
        for digits in match.groups()
        if digits
    } | ({option_year} if option_year is not None else set())
    if not found:
        raise OewsError(
            "which year? Neither the file name nor the sheet name contains it as M2024_dl, oesm24 "
            "or May 2024: add the year of the figures, such as --year 2024"
        )
    if len(found) > 1:
        years = " and ".join(str(year) for year in sorted(found))
        raise OewsError(f"file name, sheet name and --year disagree about the year: {years}")
    (year,) = found
    if year < FIRST_YEAR:
        raise OewsError(
            f"the file of May {year} has no separate figures for data scientists: "
            f"the first file that does is of May {FIRST_YEAR}"
        )
    if year > latest:
        raise OewsError(f"May {year} is in the future: check the year")
    return year


def _described_ceiling(text: str) -> int | None:
    found = CEILING_IN_TEXT.search(text)
    return int(found[1].replace(",", "")) if found else None


def _column(cell: Any) -> str:
    return str(cell or "").strip().upper().replace(" ", "_")


def _read_rows(rows: Iterator[Sequence[Any]], parsed: _ParsedRows) -> None:
    columns = {_column(cell): place for place, cell in enumerate(next(rows, ()))}
    for name in REQUIRED:
        if name not in columns:
            parsed.errors.append(f"not an OEWS state file: the column {name} is missing")
    if parsed.errors:
        return
    for number, row in enumerate(rows, 2):
        if number > MAX_ROWS:
            raise OewsError(f"more than {MAX_ROWS:,} rows: not an OEWS state file")
        cells = {
            name: _text(row[place]) for name, place in columns.items() if name and place < len(row)
        }
        if any(cells.values()):
            _read_row(number, cells, parsed)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _strip_decimal(text: str) -> str:
    """Remove the ".0" that spreadsheets may add to a code."""
    return text.removesuffix(".0")


def _read_row(number: int, cells: Mapping[str, str], parsed: _ParsedRows) -> None:
    """Parse a row, skipping other areas, industries and levels of detail."""
    kind = _strip_decimal(cells.get("AREA_TYPE", ""))
    parsed.area_types.add(kind)
    if kind == TERRITORY:
        parsed.territories.add(cells["AREA_TITLE"])
    soc = cells.get("OCC_CODE", "")
    if kind != STATE or soc not in parsed.occupations or not _is_detailed_row(cells):
        return
    area = _strip_decimal(cells["AREA"]).zfill(2)
    code, name = parsed.states.get(area, ("", ""))
    if (cells["PRIM_STATE"], cells["AREA_TITLE"]) != (code, name):
        parsed.errors.append(
            f"row {number:,}: area {cells['AREA']!r} is not "
            f"{cells['AREA_TITLE']!r} ({cells['PRIM_STATE']})"
        )
        return
    if (earlier := parsed.seen.setdefault((soc, code), number)) != number:
        parsed.errors.append(f"row {number:,}: {soc} in {name} is already in row {earlier:,}")
        return
    found = {
        column: _wage(f"row {number:,}, {column}", cells[column], parsed)
        for column in WAGES
        if column in cells
    }
    jobs = _amount(f"row {number:,}, TOT_EMP", cells["TOT_EMP"], parsed)
    ordered = [found[name].amount for name in PERCENTILES if name in found]
    known = [amount for amount in ordered if amount is not None]
    if known != sorted(known):
        parsed.errors.append(f"row {number:,}: the percentiles of annual wages are not ascending")
    wages = StateWages(found["A_MEAN"], found["A_MEDIAN"], jobs)
    parsed.wages.setdefault(soc, {})[code] = wages


def _is_detailed_row(cells: Mapping[str, str]) -> bool:
    """Return whether a row is of a detailed occupation across all industries and owners."""
    return (
        cells.get("O_GROUP", "").lower() == "detailed"
        and cells.get("I_GROUP", "cross-industry").lower() == "cross-industry"
        and _strip_decimal(cells.get("NAICS", "0")).strip("0") == ""
        and _strip_decimal(cells.get("OWN_CODE", "1235")) == "1235"
    )


def _wage(where: str, text: str, parsed: _ParsedRows) -> Pay:
    if text != CEILING:
        return Pay(_amount(where, text, parsed))
    if parsed.ceiling is None:
        parsed.errors.append(f"{where}: unknown wage for '#': add --ceiling")
    return Pay(parsed.ceiling, is_ceiling=True)


def _amount(where: str, text: str, parsed: _ParsedRows) -> int | None:
    if text in NOT_PUBLISHED:
        return None
    found = NUMBER.fullmatch(text)
    if found is None:
        parsed.errors.append(f"{where}: {text[:40]!r} is not a whole number")
        return None
    return int(found[1].replace(",", ""))


def _missing(parsed: _ParsedRows) -> list[str]:
    if STATE not in parsed.area_types:
        kinds = ", ".join(AREA_TYPES.get(kind, kind) for kind in sorted(parsed.area_types) if kind)
        return [f"contains no states, only {kinds or 'nothing'}: not the OEWS state file"]
    most = max((len(states) for states in parsed.wages.values()), default=0)
    if most < MIN_STATES:
        named = " and ".join(parsed.occupations)
        least = f"at least {MIN_STATES} are required"
        count = format_count(most, "state", "states")
        return [f"incomplete file: {named} in only {count}, but {least}"]
    return []
