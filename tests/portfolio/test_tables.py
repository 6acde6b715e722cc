"""CSV and XLSX: one row per piece of evidence, and no text that a spreadsheet would execute."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from typing import Any

import openpyxl
import pytest

from roadmap.core.dates import PartialDate
from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import tables
from tests.portfolio.sample_documents import ALICE, EMPTY, RANKER, hostile


def xlsx_rows(document: Document, number: int = 0) -> list[dict[str, Any]]:
    book = openpyxl.load_workbook(io.BytesIO(tables.render_xlsx(document)))
    head, *rows = book.worksheets[number].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def csv_rows(document: Document) -> list[dict[str, str]]:
    text = tables.render_csv(document).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_each_item_is_a_row() -> None:
    for rows in (xlsx_rows(ALICE), csv_rows(ALICE)):
        assert [row["Title"] for row in rows] == [item.title for item in ALICE.items]
        assert rows[0]["Verification"] == "Verified by Bob Builder on 3 Apr 2026"
        assert rows[0]["Verified for"] == "Lead the design of a system of several models"
        assert rows[0]["Impact"].startswith("P95 latency of the feed: 180 → 62 ms (scale), source:")
        assert rows[2]["Verification"] == "Not verified"
        assert not rows[2]["Verified for"]
    assert xlsx_rows(ALICE)[0]["Date"] == dt.datetime(2026, 3, 5)  # noqa: DTZ001 - as openpyxl reads it
    assert csv_rows(ALICE)[0]["Date"] == "2026-03-05"
    assert {row["Name"] for row in csv_rows(ALICE)} == {"Alice Archer"}


def test_other_sections_are_sheets() -> None:
    book = openpyxl.load_workbook(io.BytesIO(tables.render_xlsx(ALICE)))
    assert book.sheetnames == ["Evidence", "Experience", "Education", "Skills", "Portfolio"]
    jobs, degrees, skills = (xlsx_rows(ALICE, number) for number in (1, 2, 3))
    assert (jobs[0]["From"], jobs[0]["To"]) == ("2022-03", "today")
    assert {row["Source"] for row in (*jobs, *degrees)} == {"Declared by the author, not verified"}
    assert (skills[2]["Level"], skills[2]["Assessed"]) == (3, "Self-assessed")
    about = [cell for row in book["Portfolio"].iter_rows(values_only=True) for cell in row]
    assert "6 pieces of evidence: 4 verified by 1 person, 2 not verified." in about
    book = openpyxl.load_workbook(io.BytesIO(tables.render_xlsx(EMPTY)))
    assert book.sheetnames == ["Portfolio"]


def test_csv_and_xlsx_cells_have_the_same_lines() -> None:
    piece = replace(RANKER, verified_for=("Lead", "Build"), description="One:\n\n- two\n- three")
    document = replace(EMPTY, items=(piece,))
    for [row] in (csv_rows(document), xlsx_rows(document)):
        assert row["Verified for"] == "Lead\nBuild"
        assert row["Description"] == "One:\n\n• two\n• three"
    # Programs that split lines first must not find a formula in one.
    [row] = csv_rows(replace(EMPTY, items=(replace(piece, description="One  \n=1+1"),)))
    assert row["Description"] == "One\n'=1+1"


@pytest.mark.parametrize("title", ["+49 Jo", "-Anna", "=1+1", "@SUM(A1)"])
def test_formula_like_title_is_text(title: str) -> None:
    """XLSX marks it as a string, so it needs no apostrophe."""
    document = replace(EMPTY, items=(replace(RANKER, title=title),))
    assert csv_rows(document)[0]["Title"] == f"'{title}"
    book = openpyxl.load_workbook(io.BytesIO(tables.render_xlsx(document)))
    assert book.worksheets[0]["A2"].value == title
    assert book.worksheets[0]["A2"].data_type == "s"


def test_xlsx_cuts_long_text_and_writes_old_date_as_text() -> None:
    item = replace(RANKER, role="a" * 40_000, occurred_on=PartialDate("1899-12-31"))
    [row] = xlsx_rows(replace(EMPTY, items=(item,)))
    assert len(row["Role"]) == 32_767
    assert row["Date"] == "1899-12-31"


def test_hostile_items_are_written() -> None:
    document = hostile(24)
    assert len(xlsx_rows(document)) == len(csv_rows(document)) == 24
