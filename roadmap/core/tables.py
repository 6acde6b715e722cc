"""Tables as files: CSV and XLSX, with nothing in them that a spreadsheet would execute."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

CellValue = str | int | float | dt.date | None

# What makes a spreadsheet take a cell for a formula, also in the wide forms of East Asian keyboards
# and after a character that it skips.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Where a reader with another separator than the comma would begin a cell.
_CELL_START = re.compile(f"(?<=[;,|\t\r\n])(\\s*)(?=[{re.escape(''.join(_FORMULA_PREFIXES))}])")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its title, the words above its columns, and rows of as many values each."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[CellValue]]


def escape_formula(text: str) -> str:
    """The text as a spreadsheet shows it and never executes it: an apostrophe goes before it."""
    return f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text


def to_csv(sheet: Sheet) -> bytes:
    """Comma-separated, texts quoted, lines ended as RFC 4180 has it, dates as ISO 8601.

    Nothing in it is live either for a spreadsheet that parts cells at semicolons or tabs, as those
    of half of Europe do.

    In UTF-8 with a byte order mark: without one, Excel reads the file in the code page of the
    machine and spoils every name that is not plain ASCII. Readers that know UTF-8 skip the mark.
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


def to_xlsx(sheet: Sheet) -> bytes:
    """A workbook of one sheet: its header stays in view, numbers and dates are what they are."""
    import xlsxwriter  # type: ignore[import-untyped]  # Only who exports one waits for it.

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**options, "strings_to_numbers": False}) as book:
        page = book.add_worksheet(sheet.title)
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        date = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        for column, text in enumerate(sheet.header):
            page.write_string(0, column, escape_formula(text), bold)
        for number, row in enumerate(sheet.rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, column, escape_formula(value))
                elif isinstance(value, dt.date):
                    page.write_datetime(number, column, value, date)
                elif value is not None:
                    page.write_number(number, column, value)
        page.freeze_panes(1, 1)
        page.autofilter(0, 0, len(sheet.rows), len(sheet.header) - 1)
        page.set_column(0, 0, 28)
        page.set_column(1, len(sheet.header) - 1, 13)
        # The same file for the same table, whenever it is made.
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001 - a fixed one
    return out.getvalue()
