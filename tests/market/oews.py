"""Files in the format of the Bureau of Labor Statistics, with made-up figures."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from openpyxl import Workbook

from roadmap.market.content import market_content

# All 32 columns, in the file order used since May 2020.
COLUMNS = (
    *("AREA", "AREA_TITLE", "AREA_TYPE", "PRIM_STATE", "NAICS", "NAICS_TITLE", "I_GROUP"),
    *("OWN_CODE", "OCC_CODE", "OCC_TITLE", "O_GROUP", "TOT_EMP", "EMP_PRSE", "JOBS_1000"),
    *("LOC_QUOTIENT", "PCT_TOTAL", "PCT_RPT", "H_MEAN", "A_MEAN", "MEAN_PRSE", "H_PCT10"),
    *("H_PCT25", "H_MEDIAN", "H_PCT75", "H_PCT90", "A_PCT10", "A_PCT25", "A_MEDIAN", "A_PCT75"),
    *("A_PCT90", "ANNUAL", "HOURLY"),
)
SCIENTISTS, RESEARCHERS = "15-2051", "15-1221"
TERRITORY = {"AREA": 72, "AREA_TITLE": "Puerto Rico", "AREA_TYPE": 3, "PRIM_STATE": "PR"}

Row = dict[str, object]


def row(area: str, title: str, state: str, **cells: object) -> Row:
    """Return a state's row with a mean wage of 100,000 plus 1,000 times the area number."""
    mean = 100_000 + 1_000 * int(area)
    return {
        "AREA": area, "AREA_TITLE": title, "AREA_TYPE": 2, "PRIM_STATE": state, "NAICS": "000000",
        "NAICS_TITLE": "Cross-industry", "I_GROUP": "cross-industry", "OWN_CODE": 1235,
        "OCC_CODE": SCIENTISTS, "OCC_TITLE": "Data Scientists", "O_GROUP": "detailed",
        "TOT_EMP": 1_200, "A_MEAN": mean, "A_PCT10": mean - 40_000, "A_PCT25": mean - 20_000,
        "A_MEDIAN": mean - 5_000, "A_PCT75": mean + 20_000, "A_PCT90": mean + 40_000, **cells,
    }  # fmt: skip


def rows(changes: dict[str, Row] | None = None, **common: object) -> list[Row]:
    """Return a row for each state, with changes for one or every state, and rows to skip."""
    changes = changes or {}
    found = [
        row(state.fips, state.name, state.code, **common, **changes.get(state.code, {}))
        for state in market_content().states
    ]
    nation = {**found[0], "AREA": 99, "AREA_TITLE": "U.S.", "AREA_TYPE": 1, "PRIM_STATE": "US"}
    broad = {**found[0], "OCC_CODE": "15-2050", "O_GROUP": "broad"}
    industry = {**found[0], "NAICS": "541000", "I_GROUP": "3-digit", "A_MEAN": 1}
    private = {**found[0], "OWN_CODE": 5, "A_MEAN": 1}
    return [nation, *found, broad, industry, private, {**found[0], **TERRITORY}]


def write_csv(path: Path, table: Iterable[Row], *, encoding: str = "utf-8-sig") -> Path:
    """Write CSV as saved by Excel: quoted amounts with separators, no leading zeros."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in table:
        writer.writerow([_as_text(name, each.get(name, "")) for name in COLUMNS])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def _as_text(name: str, value: object) -> object:
    if name in ("AREA", "NAICS"):
        return str(value).lstrip("0") or "0"
    return f"{value:,}" if isinstance(value, int) and value > 2_000 else value


def workbook(
    table: Iterable[Row],
    *,
    sheet: str = "state_M2024_dl",
    descriptions: str = "",
    columns: Iterable[str] = COLUMNS,
) -> bytes:
    """Return the state file as a workbook: a data sheet, and one that describes the fields."""
    book = Workbook(write_only=True)
    data = book.create_sheet(sheet)
    data.append(list(columns))
    for each in table:
        data.append([each.get(name) for name in COLUMNS])
    described = book.create_sheet("Field Descriptions")
    described.append([descriptions])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write_zip(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return path
