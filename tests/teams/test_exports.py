"""The matrix as CSV and XLSX: the same figures as on screen, and no executable formulas."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.tables import CellValue, Sheet, escape_formula, sheet_name, to_csv, to_xlsx
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, Team, User
from roadmap.skills import actions as skills
from roadmap.teams.formats import FORMATS
from tests.support.browser_client import BrowserOf
from tests.support.cast import Cast
from tests.support.snapshot import Snapshot

Cells = list[list[str]]
MATRIX = "/teams/ranking"
FORMULA_STARTS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1")


@pytest.fixture
def sample_data(snapshot: Snapshot) -> dict[str, str]:
    return snapshot.ids


def read_csv(data: bytes) -> Cells:
    assert data.startswith(b"\xef\xbb\xbf"), "Excel detects UTF-8 only by the byte order mark"
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_xlsx(data: bytes) -> Cells:
    """Return the cells of the only sheet as texts, as in the CSV."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell_text(cell.value) for cell in row] for row in book.worksheets[0].iter_rows()]


def cell_text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return "" if value is None else f"{value}"


def by_heading(cells: Cells) -> list[dict[str, str]]:
    """Return the rows as dictionaries by heading, so that a test can pick one column."""
    head, *rows = cells
    return [dict(zip(head, row, strict=True)) for row in rows]


def figures_on_page(page: str) -> dict[str, dict[str, str]]:
    """Return the figures of the page by name and export heading."""
    found = {}
    for row in re.findall(r"<tr><th scope=row>.*?</tr>", page, re.DOTALL):
        name = re.search(r"<a [^>]*>([^<]*)</a>", row)
        score = re.search(r"<td class=readiness><a [^>]*>([\d.]+) <span[^>]*>([^<]+)", row)
        day = re.search(r"<td class=moved><a [^>]*>([^<]+)", row)
        assert name is not None
        assert score is not None
        assert day is not None
        figures = {"Readiness": score[1], "Verdict": score[2], "Last activity": day[1]}
        of_person = f'aria-label="{name[1]}, ([^"]*?): [^"]*">'
        for stage, meter in re.findall(
            f"<td class=tones><a [^>]*{of_person}(.*?)</td>", row, re.DOTALL
        ):
            for tone, share in re.findall(
                r"<span class=(claimed|evidenced|verified)>(\d+)</span>", meter
            ):
                figures[f"{stage}: {tone} %"] = share
        for skill, own, manager in re.findall(
            f"{of_person}<span class=own-level>(\\d?)</span>.*?"
            r"<span class=manager-level>(\d?)</span>",
            row,
        ):
            figures |= {f"{skill}: self": own, f"{skill}: manager": manager}
        found[name[1]] = figures
    return found


def as_printed(row: dict[str, str]) -> dict[str, str]:
    """Return an export row as the page prints it: date in words, score with one decimal."""
    day = dt.date.fromisoformat(row["Last activity"])
    printed = {
        "Readiness": f"{float(row['Readiness']):.1f}",
        "Last activity": f"{day.day} {day:%b %Y}",
    }
    return row | printed


@pytest.mark.parametrize(
    ("name", "read"), [("csv", read_csv), ("xlsx", read_xlsx)], ids=["csv", "xlsx"]
)
def test_export_has_the_figures_of_the_page(
    name: str,
    read: Callable[[bytes], Cells],
    sample_data: dict[str, str],
    cast: Cast,
    browser_of: BrowserOf,
) -> None:
    bob = browser_of(cast.bob)
    shown = figures_on_page(bob.get(MATRIX).text)
    answer = bob.get(f"{MATRIX}/export/{name}")
    assert answer.mimetype == FORMATS[name].mimetype
    filename = rf"filename=ranking-senior-ml-engineer-[\d-]+\.{name}$"
    assert re.search(filename, answer.headers["Content-Disposition"])
    cells = read(answer.data)
    stage = "Build strong foundations"
    expected = [
        *("Name", "Team", "Readiness", "Verdict"),
        *(f"{stage}: {tone} %" for tone in ("verified", "evidenced", "claimed")),
        *("Technical strategy: self", "Technical strategy: manager", "Last activity"),
    ]
    assert [heading for heading in cells[0] if heading in expected] == expected
    rows = by_heading(cells)
    assert [row["Name"] for row in rows] == list(shown)
    for row in rows:
        figures = shown[row["Name"]]
        assert set(expected[2:]) <= set(figures)
        assert {heading: as_printed(row)[heading] for heading in figures} == figures
        # The percentages are in the order of the page.
        tones = [heading for heading in figures if heading.endswith("%")]
        assert [heading for heading in cells[0] if heading.endswith("%")] == tones
    assert [row["Team"] for row in rows] == ["Ranking", "Ranking"]


def test_sheet_is_named_after_the_roadmap(
    sample_data: dict[str, str], cast: Cast, browser_of: BrowserOf
) -> None:
    data = browser_of(cast.bob).get(f"{MATRIX}/export/xlsx").data
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["Senior ML Engineer"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Lead: AI/ML [2026]?", "Lead AI ML 2026"),
        ("'Staff' \\ 'ML'", "Staff' 'ML"),
        ("Principal engineer of machine learning", "Principal engineer of machine l"),
        ("\N{ROCKET}" * 20, "\N{ROCKET}" * 15),
    ],
    ids=["characters", "quotes", "length", "surrogates"],
)
def test_sheet_name_is_valid(title: str, name: str) -> None:
    assert sheet_name(title) == name
    data = to_xlsx(Sheet(title, ["A"], [["b"]]))
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == [name]


def test_export_is_denied_to_members_and_other_managers(cast: Cast, browser_of: BrowserOf) -> None:
    for name in FORMATS:
        assert browser_of(cast.dave).get(f"{MATRIX}/export/{name}").status_code == 404
        assert browser_of(cast.alice).get(f"{MATRIX}/export/{name}").status_code == 403
    assert browser_of(cast.bob).get(f"{MATRIX}/export/pptx").status_code == 404


def test_export_uses_the_sort_and_filter_of_the_page(
    sample_data: dict[str, str], cast: Cast, browser_of: BrowserOf
) -> None:
    bob = browser_of(cast.bob)
    page = bob.get(f"{MATRIX}?sort=readiness").text
    link = re.search(r'href="([^"]+/export/csv[^"]*)"', page)
    assert link is not None

    def names(path: str) -> list[str]:
        return [row["Name"] for row in by_heading(read_csv(bob.get(path).data))]

    assert names(link.group(1).replace("&amp;", "&")) == ["Alice", "Carol"]
    assert names(f"{MATRIX}/export/csv?sort=readiness&order=asc&q=c") == ["Carol", "Alice"]
    assert names(f"{MATRIX}/export/csv?q=car") == ["Carol"]


def test_person_not_on_the_roadmap_has_no_roadmap_figures(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.mallory, "member", by=None, now=now)
    mallory = cast.actor(session, cast.mallory)
    skills.assess_self(session, cast.mallory, "strategy", 2, "", by=mallory, now=now)
    session.commit()
    [row] = by_heading(read_csv(browser_of(cast.bob).get(f"{MATRIX}/export/csv?q=mallory").data))
    assert (row["Name"], row["Team"]) == ("Mallory", "Ranking")
    assert (row["Readiness"], row["Verdict"]) == ("", "Not on this roadmap")
    assert {value for heading, value in row.items() if heading.endswith(" %")} == {""}
    levels = {
        heading: value
        for heading, value in row.items()
        if heading.endswith((": self", ": manager")) and value
    }
    assert levels == {"Technical strategy: self": "2"}
    assert row["Last activity"] == ""


def test_formulas_are_escaped(
    sample_data: dict[str, str], session: Session, cast: Cast, browser_of: BrowserOf
) -> None:
    bob = browser_of(cast.bob)
    for name in FORMULA_STARTS:
        session.execute(sa.update(User).where(User.id == cast.alice).values(name=name))
        session.execute(sa.update(Team).where(Team.id == cast.team).values(name=name))
        session.commit()
        rows = by_heading(read_csv(bob.get(f"{MATRIX}/export/csv").data))
        [row] = [row for row in rows if row["Name"].replace("'", "") == name]
        assert row["Name"] == row["Team"]
        assert row["Name"].startswith("'")
        book = openpyxl.load_workbook(io.BytesIO(bob.get(f"{MATRIX}/export/xlsx").data))
        for cells in book.worksheets[0].iter_rows():
            for cell in cells:
                assert cell.data_type != "f", f"{cell.coordinate} is a formula"
                assert cell.hyperlink is None
        # Excel's encoding of a carriage return, which openpyxl does not decode.
        written = name.replace("\r", "_x000D_")
        [row] = [row for row in book.worksheets[0].iter_rows() if row[0].value == written]
        assert row[1].value == written
        assert row[0].quotePrefix, "otherwise Excel evaluates the cell after an edit"


@pytest.mark.parametrize(
    "separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "pipe"]
)
def test_formulas_are_escaped_for_every_csv_separator(separator: str) -> None:
    """Excel splits at semicolons in locales with a decimal comma, and ignores leading spaces."""
    cell = f'Max{separator}=1+1{separator} @SUM(A1){separator}"-2"{separator}'
    rows: list[list[CellValue]] = [
        [cell, "x"],
        ["x", cell],
        [cell.strip("M"), cell + "+3"],
        [1, cell],
    ]
    sheet = Sheet("S", ["Name", cell], rows)
    text = to_csv(sheet).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text), delimiter=separator))
    assert not [part for row in read for part in row if part.strip(' "').startswith(FORMULA_STARTS)]
    # A reader that uses the right separator gets all cells.
    assert [len(row) for row in read_csv(text.encode("utf-8-sig"))] == [2] * 5


def test_only_a_formula_character_at_the_start_is_escaped() -> None:
    assert escape_formula("a=1") == "a=1"
    assert escape_formula("") == ""
    assert escape_formula("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    sheet = Sheet("S", ["=head", "b"], [["https://example.org", -3], [1.5, None], [None, "c"]])
    assert read_csv(to_csv(sheet)) == [
        ["'=head", "b"],
        ["https://example.org", "-3"],
        ["1.5", ""],
        ["", "c"],
    ]
    assert read_xlsx(to_xlsx(sheet)) == [["=head", "b"], *read_csv(to_csv(sheet))[1:]]


def test_workbook_texts_are_unchanged() -> None:
    texts = ["+49 Jo", "-Anna", "=1+1", "'quoted", "{=1}", "mailto:a@b.example", "_x0041_", "007"]
    sheet = Sheet("S", ["Name"], [[text] for text in texts])
    assert read_xlsx(to_xlsx(sheet)) == [["Name"], *([text] for text in texts)]


def test_export_is_audited(
    sample_data: dict[str, str], session: Session, cast: Cast, browser_of: BrowserOf
) -> None:
    bob = browser_of(cast.bob)
    assert bob.client.head(f"{MATRIX}/export/csv").status_code == 200  # exports nothing
    bob.get(f"{MATRIX}/export/xlsx")
    line = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "team.exported")).one()
    assert (line.actor_id, line.target) == (cast.bob, "ranking")
    assert line.data == {
        "team_name": "Ranking", "format": "Excel", "filtered": False, "shown": 2, "people": 2,
    }  # fmt: skip
