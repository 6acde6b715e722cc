"""`flask market import FILE`, and the page with the imported data."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.market.models import ImportedPay, PayImport
from roadmap.people.models import AuditEntry
from tests.market.oews import RESEARCHERS, SCIENTISTS, rows, workbook, write_csv, write_zip


@pytest.fixture
def run(app):
    return lambda *arguments: app.test_cli_runner().invoke(args=["market", "import", *arguments])


@pytest.fixture
def published_zip(tmp_path):
    """Write the published ZIP of a year and return its path."""

    def write(*, year: int = 2024, table=None) -> str:
        book = workbook(rows() if table is None else table, sheet=f"state_M{year}_dl")
        name = f"state_M{year}_dl.xlsx"
        return str(write_zip(tmp_path / f"oesm{year - 2000}st.zip", (name, book)))

    return write


def stored_states(session) -> dict[tuple[str, int], int]:
    session.rollback()
    query = (
        sa.select(PayImport.soc, PayImport.year, sa.func.count(ImportedPay.state))
        .join(ImportedPay)
        .group_by(PayImport.id)
    )
    return {(soc, year): states for soc, year, states in session.execute(query)}


def test_imported_wages_are_stored_shown_and_audited(run, published_zip, session, cast, browser_of):
    alice = browser_of(cast.alice)
    before = alice.get("/market").text
    assert "mean annual wage, May 2021" in before
    assert "133,110" in before
    result = run(published_zip())
    assert result.exit_code == 0, result.output
    first, last = result.stdout.splitlines()
    assert first.startswith("May 2024, 15-2051 Data scientists: 50 states and the District")
    assert first.endswith("at the ceiling; new")
    assert last == "Territories left out: 1"
    assert stored_states(session) == {(SCIENTISTS, 2024): 51}
    page = alice.get("/market").text
    assert "Data scientists, median annual wage, May 2024" in page
    assert "Imported from oesm24st.zip by the operator of this installation" in page
    assert "133,110" not in page, "the import replaces the wages of 2021"
    assert "101,000" in page
    assert "106,000" in alice.get("/market?figures=15-2051-2024-mean").text
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.target) == ("market.imported", "oesm24st.zip")
    assert (
        "Pay by state was imported from oesm24st.zip."
        in browser_of(cast.erin).get("/admin/audit").text
    )


def test_ceiling_and_missing_values_are_shown(run, published_zip, session, cast, browser_of):
    top = {"A_MEAN": "#", "A_MEDIAN": "#", "A_PCT75": "#", "A_PCT90": "#"}
    gone = dict.fromkeys(("A_MEAN", "A_MEDIAN", "A_PCT10", "A_PCT25", "A_PCT75", "A_PCT90"), "*")
    table = rows({"CA": top, "AR": gone, "WY": {"TOT_EMP": "**"}})
    assert "49 with a mean" not in run(published_zip(table=table)).stdout
    page = browser_of(cast.alice).get("/market?order=pay").text
    assert "California: 239,200 or more" in page
    assert "Arkansas: not published" in page
    legend = " ".join(page.partition("Legend of the map")[2].partition("</ul>")[0].split())
    assert "to 239,200 or more" in legend
    assert legend.count("or more") == 1
    table = page.partition('id="states"')[2]
    assert table.index("California") < table.index("Wisconsin") < table.index("Arkansas")
    wyoming = table.partition('id="state-WY"')[2].partition("</tr>")[0]
    assert "not published" in wyoming
    assert "151,000" in wyoming


def test_invalid_file_keeps_the_earlier_import(run, published_zip, session, tmp_path):
    run(published_zip())
    table = rows({"CA": {"A_MEAN": "n/a"}, "OR": {"A_MEDIAN": "?"}})
    result = run(published_zip(table=table))
    assert result.exit_code == 1
    assert result.stdout == ""
    first, second, last = result.stderr.splitlines()
    assert first.endswith("oesm24st.zip: row 7, A_MEAN: 'n/a' is not a whole number")
    assert second.endswith("oesm24st.zip: row 40, A_MEDIAN: '?' is not a whole number")
    assert last == "Nothing was imported."
    assert stored_states(session) == {(SCIENTISTS, 2024): 51}
    california = session.scalar(sa.select(ImportedPay.mean).where(ImportedPay.state == "CA"))
    assert california == 106_000


def test_reimport_reports_unchanged_or_changed_states(run, published_zip, session):
    run(published_zip())
    when = session.scalar(sa.select(PayImport.imported_at))
    assert run(published_zip()).stdout.splitlines()[0].endswith("; unchanged")
    assert session.scalar(sa.select(PayImport.imported_at)) == when
    table = rows({"CA": {"A_MEAN": 120_000}, "OR": {"TOT_EMP": "**"}})
    assert run(published_zip(table=table)).stdout.splitlines()[0].endswith("; 2 states changed")
    table = rows({"CA": {"A_MEAN": 130_000}, "OR": {"TOT_EMP": "**"}})
    assert run(published_zip(table=table)).stdout.splitlines()[0].endswith("; 1 state changed")
    assert stored_states(session) == {(SCIENTISTS, 2024): 51}
    entries = sa.select(sa.func.count()).select_from(AuditEntry)
    assert session.scalar(entries) == 3


def test_imports_of_other_years_and_occupations_are_kept(
    run, published_zip, session, cast, browser_of
):
    both = [*rows(), *(each | {"OCC_CODE": RESEARCHERS} for each in rows())]
    run(published_zip(table=both))
    run(published_zip(year=2023))
    assert stored_states(session) == {
        (SCIENTISTS, 2023): 51, (SCIENTISTS, 2024): 51, (RESEARCHERS, 2024): 51,
    }  # fmt: skip
    page = browser_of(cast.alice).get("/market?figures=15-1221-2024-mean").text
    assert (
        "Research scientists in computing, not ML engineers" in page.partition('id="by-state"')[2]
    )
    assert page.count("<option") == 6


def test_csv_without_year_in_its_name_needs_the_option(run, session, tmp_path):
    path = str(write_csv(tmp_path / "wages.csv", rows()))
    assert "which year?" in run(path).stderr
    assert run(path, "--year", "2023").exit_code == 0
    assert stored_states(session) == {(SCIENTISTS, 2023): 51}


def test_missing_file_is_a_one_line_error(run, tmp_path):
    result = run(str(tmp_path / "oesm24st.zip"))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: No such file or directory: ")
