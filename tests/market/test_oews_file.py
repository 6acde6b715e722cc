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

STATES = [state.code for state in market_content().states]


def row_of(state: str) -> int:
    """Return the row of a state, below the header and the nation."""
    return 3 + STATES.index(state)


def read(path: Path, **options: Any) -> OewsFile:
    content = market_content()
    return read_oews(
        path,
        occupations=[each.soc for each in content.occupations],
        states={state.fips: (state.code, state.name) for state in content.states},
        latest_year=2026,
        **options,
    )


def rejection_lines(path: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(OewsError) as error:
        read(path, **options)
    return error.value.lines


def xlsx(folder: Path, name: str = "state_M2024_dl.xlsx", **options: Any) -> Path:
    path = folder / name
    path.write_bytes(workbook(options.pop("table", rows()), **options))
    return path


def test_published_zip_is_read(tmp_path):
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
    assert len(found.wages[SCIENTISTS]) == 51, "states only: no nation, territory or industry"


def test_workbook_and_csv_are_read_alike(tmp_path):
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


def test_unpublished_value_is_none(tmp_path):
    texts = dict(zip(STATES, ("*", "**", "~", "-", "", " ", None), strict=False))
    table = rows(
        {
            state: {"A_MEAN": text, "A_MEDIAN": text, "TOT_EMP": text}
            for state, text in texts.items()
        }
    )
    wages = read(xlsx(tmp_path, table=table)).wages[SCIENTISTS]
    for state, text in texts.items():
        found = (wages[state].mean, wages[state].median, wages[state].jobs)
        assert found == (Pay(None), Pay(None), None), text


@pytest.mark.parametrize(
    ("year", "options", "amount"),
    [
        (2021, {}, 208_000),
        (2024, {}, 239_200),
        (2026, {"ceiling": 250_000}, 250_000),
        (2024, {"ceiling": 250_000}, 250_000),
    ],
)
def test_number_sign_is_read_as_the_wage_ceiling(tmp_path, year, options, amount):
    top = {"A_MEDIAN": "#", "A_PCT75": "#", "A_PCT90": "#"}
    path = xlsx(tmp_path, f"state_M{year}_dl.xlsx", sheet="data", table=rows({"CA": top}))
    california = read(path, **options).wages[SCIENTISTS]["CA"]
    assert california.median == Pay(amount, is_ceiling=True)
    assert california.mean == Pay(106_000)


def test_ceiling_is_read_from_the_field_descriptions(tmp_path):
    note = "# = indicates a wage equal to or greater than $120.00 per hour or $249,600 per year"
    table = rows({"CA": {"A_MEAN": "#"}})
    path = xlsx(tmp_path, "state_M2026_dl.xlsx", sheet="data", descriptions=note, table=table)
    assert read(path).wages[SCIENTISTS]["CA"].mean == Pay(249_600, is_ceiling=True)


def test_unknown_ceiling_requires_the_option(tmp_path):
    path = xlsx(tmp_path, "state_M2026_dl.xlsx", sheet="data", table=rows({"CA": {"A_MEAN": "#"}}))
    assert rejection_lines(path) == ("row 7, A_MEAN: unknown wage for '#': add --ceiling",)


def test_number_formats_are_accepted(tmp_path):
    values = (133_110, 133_110.0, "133110", "133,110", "$133,110", " 133110 ")
    formats = dict(zip(STATES, values, strict=False))
    table = rows({state: {"A_MEAN": value} for state, value in formats.items()})
    wages = read(xlsx(tmp_path, table=table)).wages[SCIENTISTS]
    for state, value in formats.items():
        assert wages[state].mean == Pay(133_110), value


def test_invalid_number_is_rejected_with_row_and_column(tmp_path):
    texts = ("n/a", "133,11", "-5", "1e5", "12345678", "133.5", "²", "١٢٣")
    means = dict(zip(STATES, texts, strict=False))
    jobs = dict(zip(STATES[-len(texts) :], texts, strict=True))
    table = rows(
        {state: {"A_MEAN": text} for state, text in means.items()}
        | {state: {"TOT_EMP": text} for state, text in jobs.items()}
    )
    assert rejection_lines(xlsx(tmp_path, table=table)) == (
        *(f"row {row_of(state)}, A_MEAN: {text!r} is not a whole number"
          for state, text in means.items()),
        *(f"row {row_of(state)}, TOT_EMP: {text!r} is not a whole number"
          for state, text in jobs.items()),
    )  # fmt: skip


def test_area_without_leading_zero_is_accepted(tmp_path):
    areas = {"AL": "01", "AK": 2, "AZ": 4.0, "AR": "5"}
    table = rows({state: {"AREA": area} for state, area in areas.items()})
    assert read(xlsx(tmp_path, table=table)).wages[SCIENTISTS].keys() >= areas.keys()


def test_row_with_contradicting_area_is_rejected(tmp_path):
    changes = {
        "AL": {"AREA": "48"},
        "AK": {"AREA_TITLE": "Texas"},
        "AZ": {"PRIM_STATE": "TX"},
        "AR": {"AREA": "77"},
    }
    lines = rejection_lines(xlsx(tmp_path, table=rows(changes)))
    starts = [line.partition(" area")[0] for line in lines]
    assert starts == [f"row {row_of(state)}:" for state in changes]


def test_descending_percentiles_and_repeated_states_are_rejected(tmp_path):
    table = rows({"AZ": {"A_PCT10": 200_000}})
    assert rejection_lines(xlsx(tmp_path, table=[*table, table[2]])) == (
        "row 5: the percentiles of annual wages are not ascending",
        "row 58: 15-2051 in Alaska is already in row 4",
    )


def test_error_list_is_truncated_with_a_count(tmp_path):
    lines = rejection_lines(xlsx(tmp_path, table=rows(A_MEAN="?")))
    assert len(lines) == oews_file.MAX_ERRORS + 1
    assert lines[-1] == "and 31 more"


@pytest.mark.parametrize(
    "columns",
    [[name.lower() for name in COLUMNS], [f"{name.replace('_', ' ')} " for name in COLUMNS]],
    ids=["lower case", "spaces"],
)
def test_headers_ignore_case_and_spaces(tmp_path, columns):
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
def test_year_is_read_from_file_name_sheet_or_option(tmp_path, name, sheet, options, year):
    assert read(xlsx(tmp_path, name, sheet=sheet), **options).year == year


@pytest.mark.parametrize(
    ("name", "sheet", "options", "message"),
    [
        ("states.xlsx", "Sheet1", {}, "add the year of the figures, such as --year 2024"),
        ("state_M2023_dl.xlsx", "state_M2024_dl", {}, "disagree about the year: 2023 and 2024"),
        ("state_M2023_dl.xlsx", "Sheet1", {"year": 2024}, "disagree about the year: 2023 and 2024"),
        ("state_M2019_dl.xlsx", "Sheet1", {}, "the first file that does is of May 2021"),
        ("state_M2027_dl.xlsx", "Sheet1", {}, "May 2027 is in the future"),
    ],
)
def test_missing_or_contradicting_year_is_rejected(tmp_path, name, sheet, options, message):
    (line,) = rejection_lines(xlsx(tmp_path, name, sheet=sheet), **options)
    assert message in line


def test_year_of_zip_and_workbook_must_agree(tmp_path):
    member = ("state_M2024_dl.xlsx", workbook(rows(), sheet="Sheet1"))
    assert "2023 and 2024" in rejection_lines(write_zip(tmp_path / "oesm23st.zip", member))[0]
    assert read(write_zip(tmp_path / "states.zip", member)).year == 2024


def test_unreadable_file_is_rejected(tmp_path):
    def assert_rejected(name: str, content: bytes, message: str) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        assert message in rejection_lines(path)[0], name

    page = b"<!doctype html><title>Access Denied</title>"
    for name in ("state_M2024_dl.xlsx", "oesm24st.zip"):
        assert_rejected(name, page, "damaged, or not the type that its name suggests")
        assert_rejected(name, b"", "damaged, or not the type that its name suggests")
    assert_rejected("state_M2024_dl.xls", b"\xd0\xcf\x11\xe0", "save it as XLSX or CSV first")
    assert_rejected("state_M2024_dl.pdf", b"%PDF", "not a .zip, .xlsx or .csv file")
    assert_rejected("state_M2024_dl.csv", b"", "column AREA is missing")
    assert_rejected(
        "state_M2024_dl.xlsx", workbook([], columns=["A", "B"]), "no sheet has the columns"
    )
    assert_rejected("state_M2024_dl.csv", ",".join(COLUMNS).encode(), "only nothing")
    whole = workbook(rows())
    assert_rejected("state_M2024_dl.xlsx", whole[: len(whole) // 2], "damaged")


def test_missing_columns_are_listed(tmp_path):
    path = tmp_path / "state_M2024_dl.csv"
    path.write_text("OCC_CODE,A_MEAN,AREA,AREA_TYPE,PRIM_STATE,O_GROUP\n", "utf-8")
    assert [line.split()[-3] for line in rejection_lines(path)] == [
        "AREA_TITLE",
        "TOT_EMP",
        "A_MEDIAN",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AREA_TYPE": 4}, "only nation, territories, metropolitan areas"),
        ({"AREA_TYPE": 1}, "only nation, territories"),
        ({"OCC_CODE": "15-2098"}, "15-2051 and 15-1221 in only 0 states"),
        ({"NAICS": "541000"}, "in only 0 states"),
    ],
    ids=str,
)
def test_other_oews_tables_are_rejected(tmp_path, change, message):
    (line,) = rejection_lines(xlsx(tmp_path, table=rows(**change)))
    assert message in line


def test_incomplete_file_is_rejected(tmp_path):
    (line,) = rejection_lines(xlsx(tmp_path, table=rows()[:30]))
    assert "incomplete file" in line
    (line,) = rejection_lines(xlsx(tmp_path, table=rows()[:2]))
    assert "in only 1 state, but" in line


def test_zip_must_contain_exactly_one_workbook(tmp_path):
    book = workbook(rows())
    two = write_zip(tmp_path / "a.zip", ("state_M2024_dl.xlsx", book), ("b_dl.xlsx", book))
    none = write_zip(tmp_path / "b.zip", ("readme.txt", b""))
    assert "2 files that end in _dl.xlsx" in rejection_lines(two)[0]
    assert "0 files" in rejection_lines(none)[0]


def test_unpacked_and_packed_size_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(oews_file, "MAX_UNPACKED", 10_000)
    assert "too large for an OEWS state file" in rejection_lines(xlsx(tmp_path))[0]
    monkeypatch.setattr(oews_file, "MAX_BYTES", 5_000)
    assert "larger than" in rejection_lines(xlsx(tmp_path))[0]
    zeros = write_zip(tmp_path / "oesm24st.zip", ("state_M2024_dl.xlsx", bytes(1_000_000)))
    assert "too large" in rejection_lines(zeros)[0]


def test_row_count_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(oews_file, "MAX_ROWS", 20)
    assert "more than 20 rows" in rejection_lines(xlsx(tmp_path))[0]
