"""Export tables as CSV and XLSX, protected against formula injection."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

# Excel's limit for the text of a cell.
MAX_CELL_LENGTH = 32_767
# Excel's limit for the name of a sheet, in UTF-16 code units.
MAX_SHEET_NAME_LENGTH = 31
CellValue = str | int | float | dt.date | None

# Characters that start a formula, with full-width forms and white space that spreadsheets skip.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Start of a formula for a program that uses another separator than the comma.
_CELL_START = re.compile(
    f"(?<=[;,|\t\r\n])(\\s*)(?=\\S)(?=[{re.escape(''.join(_FORMULA_PREFIXES))}])"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table whose rows have one value per header column.

    `wide` lists columns with longer texts, which XLSX wraps.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[CellValue]]
    wide: Collection[int] = ()


def escape_formula(text: str) -> str:
    """Prefix a CSV text with an apostrophe if a spreadsheet would execute it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text


def to_csv(sheet: Sheet) -> bytes:
    """Serialize as CSV (RFC 4180) with a byte order mark, quoted texts and ISO 8601 dates.

    Formulas are also escaped for spreadsheets that split cells at semicolons or tabs.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([_csv_value(text) for text in sheet.header])
    writer.writerows([_csv_value(value) for value in row] for row in sheet.rows)
    return out.getvalue().encode("utf-8-sig")


def _csv_value(value: CellValue) -> str | int | float:
    if isinstance(value, str):
        return escape_formula(_CELL_START.sub(r"\1'", value))
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else value


def to_xlsx(*sheets: Sheet) -> bytes:
    """Serialize as a workbook with frozen headers and typed cells.

    Text needs no escaping: text cells are not executed, and the quote prefix of their format keeps
    them text when edited.
    """
    import xlsxwriter  # type: ignore[import-untyped]  # imported late because it is slow to load

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**options, "strings_to_numbers": False}) as book:
        for sheet in sheets:
            _write_sheet(book, sheet)
        # A fixed date makes the files reproducible.
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001 - a fixed one
    return out.getvalue()


def sheet_name(title: str) -> str:
    """Return a title as a name that Excel accepts for a sheet."""
    name = " ".join(re.sub(r"[\[\]:*?/\\]", " ", title).split())
    short = name.encode("utf-16-le")[: 2 * MAX_SHEET_NAME_LENGTH].decode("utf-16-le", "ignore")
    return short.strip(" '")


def _write_sheet(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet_name(sheet.title))
    plain = book.add_format({"quote_prefix": True, "valign": "top"})
    lines = book.add_format({"quote_prefix": True, "valign": "top", "text_wrap": True})
    bold = book.add_format(
        {"quote_prefix": True, "bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
    )
    date = book.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"})
    number = book.add_format({"valign": "top"})
    for column, text in enumerate(sheet.header):
        page.write_string(0, column, text, bold)
    for at, row in enumerate(sheet.rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                text = value[:MAX_CELL_LENGTH]
                page.write_string(at, column, text, lines if column in sheet.wide else plain)
            elif isinstance(value, dt.date):
                page.write_datetime(at, column, value, date)
            elif value is not None:
                page.write_number(at, column, value, number)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, len(sheet.rows), len(sheet.header) - 1)
    page.set_column(0, 0, 28)
    page.set_column(1, len(sheet.header) - 1, 13)
    for column in sheet.wide:
        page.set_column(column, column, 48)
