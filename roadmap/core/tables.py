"""Tables as CSV and XLSX files, with nothing in them that a spreadsheet would execute."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

# Excel accepts no longer text in a cell.
MAX_CELL_LENGTH = 32_767
CellValue = str | int | float | dt.date | None

# Characters that begin a formula in a spreadsheet, with the wide forms of East Asian keyboards and
# a character that spreadsheets skip.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Where a program with another separator than the comma would begin a cell.
_CELL_START = re.compile(f"(?<=[;,|\t\r\n])(\\s*)(?=[{re.escape(''.join(_FORMULA_PREFIXES))}])")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its title, its header, and rows of as many values.

    The columns of `wide` hold longer texts, which a workbook shows in lines.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[CellValue]]
    wide: Collection[int] = ()


def escape_formula(text: str) -> str:
    """Escape a text of a CSV with an apostrophe, so that a spreadsheet does not execute it."""
    return f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text


def to_csv(sheet: Sheet) -> bytes:
    """Serialize as CSV (RFC 4180) with a byte order mark, texts quoted, dates in ISO 8601.

    Nothing is executed either by spreadsheets that split cells at semicolons or tabs.
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

    A text stays as it is: no cell of type text is executed, and the quote prefix of its format
    keeps it one when somebody edits it.
    """
    import xlsxwriter  # type: ignore[import-untyped]  # Only who exports one waits for it.

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**options, "strings_to_numbers": False}) as book:
        for sheet in sheets:
            _write_sheet(book, sheet)
        # Equal tables give equal files.
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001 - a fixed one
    return out.getvalue()


def _write_sheet(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.title)
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
