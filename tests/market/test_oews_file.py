"""The OEWS state file: the published format, special values, and rejected files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roadmap.market import oews_file
from roadmap.market.content import market_content
from roadmap.market.oews_file import OewsError, OewsFile, read_oews
from roadmap.market.rules import Pay
from tests.market.oews import (
    COLUMNS,
    RESEARCHERS,
    SCIENTISTS,
    rows,
    workbook,
    write_csv,
    write_zip,
)


def read(path: Path, **options: Any) -> OewsFile:
    content = market_content()
    return read_oews(
        path,
        occupations=[each.soc for each in content.occupations],
        states={state.fips: (state.code, state.name) for state in content.states},
        latest_year=2026,
        **options,
    )


def refused(path: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(OewsError) as error:
        read(path, **options)
    return error.value.lines


def xlsx(folder: Path, name: str = "state_M2024_dl.xlsx", **options: Any) -> Path:
    path = folder / name
    path.write_bytes(workbook(options.pop("table", rows()), **options))
    return path


def test_the_zip_as_published_is_read(tmp_path):
    path = write_zip(
        tmp_path / "oesm24st.zip",
        ("oesm24st/state_M2024_dl.xlsx", workbook(rows())),
        ("oesm24st/field_descriptions.xlsx", b"not looked at"),
    )
    found = read(path)
    assert (found.year, found.territories, len(found.sha256)) == (2024, 1, 64)
    assert found.wages.keys() == {SCIENTISTS}
    california = found.wages[SCIENTISTS]["CA"]
    assert (california.mean, california.median) == (Pay(106_000), Pay(101_000))
    assert california.jobs == 1_200
    assert len(found.wages[SCIENTISTS]) == 51, "no nation, territory, industry, sector or level"


def test_workbook_and_csv_say_the_same(tmp_path):
    table = rows({"AR": dict.fromkeys(("TOT_EMP", "A_MEAN", "A_MEDIAN"), "*")})
    of_csv = read(write_csv(tmp_path / "state_M2024_dl.csv", table))
    assert of_csv.wages == read(xlsx(tmp_path, table=table)).wages
    for encoding in ("utf-8", "cp1252"):
        path = write_csv(tmp_path / "state_M2024_dl.csv", table, encoding=encoding)
        assert read(path).wages == of_csv.wages


def test_both_occupations_are_read(tmp_path):
    few = [each | {"OCC_CODE": RESEARCHERS} for each in rows()[5:12]]
    found = read(xlsx(tmp_path, table=[*rows(), *few])).wages
    assert [len(found[soc]) for soc in (SCIENTISTS, RESEARCHERS)] == [51, 7]


@pytest.mark.parametrize("text", ["*", "**", "~", "-", "", " ", None])
def test_what_is_not_published_is_none(tmp_path, text):
    table = rows({"WY": {"A_MEAN": text, "A_MEDIAN": text, "TOT_EMP": text}})
    wyoming = read(xlsx(tmp_path, table=table)).wages[SCIENTISTS]["WY"]
    assert (wyoming.mean, wyoming.median, wyoming.jobs) == (Pay(None), Pay(None), None)


@pytest.mark.parametrize(
    ("year", "options", "amount"),
    [
        (2021, {}, 208_000),
        (2024, {}, 239_200),
        (2026, {"ceiling": 250_000}, 250_000),
        (2024, {"ceiling": 250_000}, 250_000),
    ],
)
def test_a_number_sign_is_the_ceiling_or_more(tmp_path, year, options, amount):
    top = {"A_MEDIAN": "#", "A_PCT75": "#", "A_PCT90": "#"}
    path = xlsx(tmp_path, f"state_M{year}_dl.xlsx", sheet="data", table=rows({"CA": top}))
    california = read(path, **options).wages[SCIENTISTS]["CA"]
    assert california.median == Pay(amount, is_ceiling=True)
    assert california.mean == Pay(106_000)


def test_the_file_itself_says_the_ceiling(tmp_path):
    said = "# = indicates a wage equal to or greater than $120.00 per hour or $249,600 per year"
    table = rows({"CA": {"A_MEAN": "#"}})
    path = xlsx(tmp_path, "state_M2026_dl.xlsx", sheet="data", descriptions=said, table=table)
    assert read(path).wages[SCIENTISTS]["CA"].mean == Pay(249_600, is_ceiling=True)


def test_a_ceiling_that_nothing_says_is_asked_for(tmp_path):
    path = xlsx(tmp_path, "state_M2026_dl.xlsx", sheet="data", table=rows({"CA": {"A_MEAN": "#"}}))
    assert refused(path) == ("row 7, A_MEAN: unknown wage for '#': add --ceiling",)


@pytest.mark.parametrize(
    "written", [133_110, 133_110.0, "133110", "133,110", "$133,110", " 133110 "]
)
def test_a_number_is_read_however_it_is_written(tmp_path, written):
    table = rows({"CA": {"A_MEAN": written}})
    assert read(xlsx(tmp_path, table=table)).wages[SCIENTISTS]["CA"].mean == Pay(133_110)


@pytest.mark.parametrize("written", ["n/a", "133,11", "-5", "1e5", "12345678", "133.5", "²", "١٢٣"])
def test_anything_else_is_refused_with_its_place(tmp_path, written):
    table = rows({"CA": {"A_MEAN": written}, "OR": {"TOT_EMP": written}})
    assert refused(xlsx(tmp_path, table=table)) == (
        f"row 7, A_MEAN: {written!r} is not a whole number",
        f"row 40, TOT_EMP: {written!r} is not a whole number",
    )


@pytest.mark.parametrize("area", ["06", 6, 6.0, "6"])
def test_an_area_may_have_lost_its_zero(tmp_path, area):
    assert "CA" in read(xlsx(tmp_path, table=rows({"CA": {"AREA": area}}))).wages[SCIENTISTS]


@pytest.mark.parametrize(
    "change",
    [{"AREA": "48"}, {"AREA_TITLE": "Texas"}, {"PRIM_STATE": "TX"}, {"AREA": "77"}],
    ids=str,
)
def test_a_row_that_contradicts_itself_is_refused(tmp_path, change):
    (line,) = refused(xlsx(tmp_path, table=rows({"CA": change})))
    assert line.startswith("row 7: area")


def test_percentiles_that_fall_and_states_that_come_twice_are_refused(tmp_path):
    table = rows({"AZ": {"A_PCT10": 200_000}})
    assert refused(xlsx(tmp_path, table=[*table, table[2]])) == (
        "row 5: the percentiles of annual wages are not ascending",
        "row 58: 15-2051 in Alaska is already in row 4",
    )


def test_a_great_many_errors_are_counted(tmp_path):
    lines = refused(xlsx(tmp_path, table=rows(A_MEAN="?")))
    assert len(lines) == oews_file.MAX_ERRORS + 1
    assert lines[-1] == "and 31 more"


@pytest.mark.parametrize(
    "columns",
    [[name.lower() for name in COLUMNS], [f"{name.replace('_', ' ')} " for name in COLUMNS]],
)
def test_headers_may_be_lower_case_or_have_spaces(tmp_path, columns):
    assert read(xlsx(tmp_path, columns=columns)).wages[SCIENTISTS].keys() >= {"CA", "WY"}


@pytest.mark.parametrize(
    ("name", "sheet", "options", "year"),
    [
        ("state_M2023_dl.xlsx", "Sheet1", {}, 2023),
        ("oesm25st.xlsx", "Sheet1", {}, 2025),
        ("states.xlsx", "state_M2022_dl", {}, 2022),
        ("states.xlsx", "All May 2021 data", {}, 2021),
        ("states.xlsx", "Sheet1", {"year": 2024}, 2024),
        ("state_M2024_dl.xlsx", "All May 2024 data", {"year": 2024}, 2024),
    ],
)
def test_the_year_is_what_file_sheet_or_operator_say(tmp_path, name, sheet, options, year):
    assert read(xlsx(tmp_path, name, sheet=sheet), **options).year == year


@pytest.mark.parametrize(
    ("name", "sheet", "options", "said"),
    [
        ("states.xlsx", "Sheet1", {}, "add the year of the figures, such as --year 2024"),
        ("state_M2023_dl.xlsx", "state_M2024_dl", {}, "disagree about the year: 2023 and 2024"),
        ("state_M2023_dl.xlsx", "Sheet1", {"year": 2024}, "disagree about the year: 2023 and 2024"),
        ("state_M2019_dl.xlsx", "Sheet1", {}, "the first file that does is of May 2021"),
        ("state_M2027_dl.xlsx", "Sheet1", {}, "May 2027 is in the future"),
    ],
)
def test_the_year_is_never_guessed(tmp_path, name, sheet, options, said):
    (line,) = refused(xlsx(tmp_path, name, sheet=sheet), **options)
    assert said in line


def test_the_year_of_a_zip_and_of_the_workbook_in_it_agree(tmp_path):
    member = ("state_M2024_dl.xlsx", workbook(rows(), sheet="Sheet1"))
    assert "2023 and 2024" in refused(write_zip(tmp_path / "oesm23st.zip", member))[0]
    assert read(write_zip(tmp_path / "states.zip", member)).year == 2024


def test_files_of_another_kind_are_refused(tmp_path):
    def says(name: str, content: bytes, said: str) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        assert said in refused(path)[0], name

    page = b"<!doctype html><title>Access Denied</title>"
    for name in ("state_M2024_dl.xlsx", "oesm24st.zip"):
        says(name, page, "damaged, or not the type that its name suggests")
        says(name, b"", "damaged, or not the type that its name suggests")
    says("state_M2024_dl.xls", b"\xd0\xcf\x11\xe0", "save it as XLSX or CSV first")
    says("state_M2024_dl.pdf", b"%PDF", "not a .zip, .xlsx or .csv file")
    says("state_M2024_dl.csv", b"", "column AREA is missing")
    says("state_M2024_dl.xlsx", workbook([], columns=["A", "B"]), "no sheet has the columns")
    says("state_M2024_dl.csv", ",".join(COLUMNS).encode(), "only nothing")
    whole = workbook(rows())
    says("state_M2024_dl.xlsx", whole[: len(whole) // 2], "damaged")


def test_every_missing_column_has_its_line(tmp_path):
    path = tmp_path / "state_M2024_dl.csv"
    path.write_text("OCC_CODE,A_MEAN,AREA,AREA_TYPE,PRIM_STATE,O_GROUP\n", "utf-8")
    assert [line.split()[-3] for line in refused(path)] == ["AREA_TITLE", "TOT_EMP", "A_MEDIAN"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AREA_TYPE": 4}, "only nation, territories, metropolitan areas"),
        ({"AREA_TYPE": 1}, "only nation, territories"),
        ({"OCC_CODE": "15-2098"}, "15-2051 and 15-1221 in only 0 states"),
        ({"NAICS": "541000"}, "in only 0 states"),
    ],
    ids=str,
)
def test_another_file_of_the_same_publisher_is_refused(tmp_path, change, said):
    (line,) = refused(xlsx(tmp_path, table=rows(**change)))
    assert said in line


def test_half_a_file_is_refused(tmp_path):
    (line,) = refused(xlsx(tmp_path, table=rows()[:30]))
    assert "incomplete file" in line


def test_a_zip_needs_one_workbook(tmp_path):
    book = workbook(rows())
    two = write_zip(tmp_path / "a.zip", ("state_M2024_dl.xlsx", book), ("b_dl.xlsx", book))
    none = write_zip(tmp_path / "b.zip", ("readme.txt", b""))
    assert "2 files that end in _dl.xlsx" in refused(two)[0]
    assert "0 files" in refused(none)[0]


def test_what_grows_when_it_is_unpacked_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(oews_file, "MAX_UNPACKED", 10_000)
    assert "too large for an OEWS state file" in refused(xlsx(tmp_path))[0]
    monkeypatch.setattr(oews_file, "MAX_BYTES", 5_000)
    assert "larger than" in refused(xlsx(tmp_path))[0]
    zeros = write_zip(tmp_path / "oesm24st.zip", ("state_M2024_dl.xlsx", bytes(1_000_000)))
    assert "too large" in refused(zeros)[0]


def test_the_number_of_rows_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(oews_file, "MAX_ROWS", 20)
    assert "more than 20 rows" in refused(xlsx(tmp_path))[0]
