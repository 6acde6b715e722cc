"""/evidence/import: upload a CSV file, map its columns, and save the selected rows."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
import sqlalchemy as sa

from roadmap.career.models import Position
from roadmap.importers import actions, records
from roadmap.importers.importer import ImportFault
from roadmap.importers.kinds.csv_file import CsvImporter, decode, detect_delimiter
from roadmap.importers.models import ImportedRecord, PendingImport
from roadmap.jobs import tasks
from tests.importers.pages import (
    checkboxes,
    form_data,
    row_keys,
    saved_evidence,
    selected_options,
)
from tests.support import catalog
from tests.support.markup import text_of
from tests.support.sample_data import OPEN_MILESTONE, SLUG
from tests.support.statements import statements_of

URL = "/evidence/import/csv"
PREVIEW, OPTIONS, RECORDS = f"{URL}/preview", f"{URL}/options", f"{URL}/records"
TALKS_CSV = (
    "Titel;Art;Datum;Link;Notiz\r\n"
    "Vortrag über Kosten;Talk;15.03.2024;https://example.org/a;Drei Folien\r\n"
    "Étude;;2023;https://example.org/b;\r\n"
).encode("cp1252")
POSITIONS_CSV = (
    b"Position,Company,From,To\nEngineer,Old Key Ltd,2019,Present\nAnalyst,New,2015-09,2018-12\n"
)


def upload(browser, data: bytes, name: str = "talks.csv"):
    return browser.post(URL, {"file": (io.BytesIO(data), name)})


def upload_and_preview(browser, data: bytes, **changes: str) -> str:
    """Upload a file, accept the proposed options except `changes`, and return the preview."""
    assert upload(browser, data).status_code == 303
    options = {**selected_options(browser.get(PREVIEW).text), **changes}
    assert browser.put(OPTIONS, options).status_code == 303
    return browser.get(PREVIEW).text


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def test_german_csv_becomes_drafts_and_reimport_adds_nothing(alice, session):
    assert URL in alice.get("/evidence/import").text
    page = upload_and_preview(alice, TALKS_CSV, kind="blog_post")
    assert checkboxes(page) == [("Vortrag über Kosten", True), ("Étude", True)]
    assert saved_evidence(session) == []
    response = alice.post(RECORDS, form_data(page))
    assert response.location.startswith("/evidence?created_at=")
    assert "2 pieces are imported as drafts" in alice.get(response.location).text
    talk, study = saved_evidence(session)
    assert (talk.state, talk.current.kind, talk.current.occurred_on) == (
        "draft",
        "talk",
        "2024-03-15",
    )
    assert (study.title, study.current.kind, study.current.occurred_on) == (
        "Étude", "blog_post", "2023",
    )  # fmt: skip
    assert (talk.current.description, talk.submitted_at) == ("Drei Folien", None)
    assert session.scalars(sa.select(PendingImport)).all() == []
    again = upload_and_preview(alice, TALKS_CSV)
    assert [ticked for _title, ticked in checkboxes(again)] == [False, False]
    assert "imported before" in again
    refused = alice.post(RECORDS, form_data(again))
    assert refused.status_code == 422
    assert "Nothing is ticked" in refused.text
    assert len(saved_evidence(session)) == 2


def test_double_submit_imports_once(alice, session):
    form = form_data(upload_and_preview(alice, TALKS_CSV))
    assert alice.post(RECORDS, form).status_code == 303
    assert alice.post(RECORDS, form).status_code == 303
    assert len(saved_evidence(session)) == 2


def test_section_kind_and_milestone_apply_to_its_rows(alice, session, cast, now):
    catalog.enroll(session, cast.alice, now, SLUG)
    session.commit()
    page = upload_and_preview(alice, TALKS_CSV)
    sections = {"kind-0": "launch", "milestone-0": OPEN_MILESTONE, "milestone-1": "no-such-key"}
    assert alice.post(RECORDS, form_data(page, **sections)).status_code == 303
    talk, study = saved_evidence(session)
    assert (talk.current.kind, talk.milestone_keys) == ("launch", [OPEN_MILESTONE])
    assert study.milestone_keys == []


def test_rows_with_errors_name_their_line_and_are_left_out(alice, session):
    table = (
        b"title,date,link\nGood,2024-05,https://a.example\n,2024,https://b.example\nBad,soon,x y\n"
    )
    page = upload_and_preview(alice, table)
    assert "Line 3: Title: Give it a title" in text_of(page)
    text = text_of(page)
    assert re.search("Line 4 “Bad”: Date[^:]*: “soon” is not a date. Write it as 2026-03-15", text)
    assert re.search("Line 4 “Bad”.*Link[^:]*: This is not a web address", text)
    assert "2 entries cannot be imported" in text
    assert checkboxes(page) == [("Good", True)]
    saved = alice.post(RECORDS, form_data(page))
    assert [each.title for each in saved_evidence(session)] == ["Good"]
    assert "Left out: 2 with errors" in alice.get(saved.location).text


def test_all_errors_of_a_row_are_shown_together(alice):
    page = text_of(upload_and_preview(alice, b"Titel;Art;Datum;Link\nBad;foo;soon;ftp://x\n"))
    assert re.search("Line 2 “Bad”: Date[^:]*: “soon” is not a date", page)
    assert re.search("Link[^:]*: This is not a web address", page)
    assert "1 entry cannot be imported" in page
    assert "Not a kind of evidence: “foo”. These rows are imported as “Other”" in page
    # Only one message concerns the date.
    assert page.count("Line 2") == 1
    assert page.count("Date") == 1


@pytest.mark.parametrize(
    ("order", "text"),
    [("dmy", "day, month, year"), ("mdy", "month, day, year")],
    ids=["dmy", "mdy"],
)
def test_preview_states_the_chosen_order_of_ambiguous_dates(alice, order, text):
    table = b"title,date,link\nA,03/04/2026,https://a.example\n"
    note = f"Dates such as “03/04/2026” are read as {text}."
    assert note in text_of(upload_and_preview(alice, table, order=order))
    assert "Dates such as" not in upload_and_preview(alice, table.replace(b"03/04", b"03/03"))


def test_date_order_must_be_chosen_when_all_dates_are_ambiguous(alice, session):
    table = b"title,date,link\nA,03/04/2024,https://a.example\nB,05/06/2024,https://b.example\n"
    upload(alice, table)
    options = selected_options(alice.get(PREVIEW).text)
    assert options["order"] == ""
    refused = alice.put(OPTIONS, options)
    assert refused.status_code == 422
    assert "Choose whether 03/04/2026 is 3 April or 4 March" in text_of(refused.text)
    assert selected_options(refused.text) == options
    assert alice.put(OPTIONS, {**options, "order": "mdy"}).status_code == 303
    assert "Mar 2024" in text_of(alice.get(PREVIEW).text)
    for date, order in ((b"13/06/2024", "dmy"), (b"06/13/2024", "mdy"), (b"05/05/2024", "")):
        upload(alice, table.replace(b"05/06/2024", date))
        assert selected_options(alice.get(PREVIEW).text)["order"] == order
    upload(alice, table.replace(b"03/04", b"03/03").replace(b"05/06", b"05/05"))
    assert selected_options(alice.get(PREVIEW).text)["order"] == "dmy"


def test_row_without_link_uses_organization_as_description(alice, session):
    table = b"title,date,organization\nPrize,2024,Example Society\nNothing,2024,\n"
    page = upload_and_preview(alice, table)
    assert checkboxes(page) == [("Prize", True)]
    problem = "Line 3 “Nothing”: Link[^:]*: There is no link and no description.* Fill in a column"
    assert re.search(problem, text_of(page))
    assert "Add a link, a file" not in page
    alice.post(RECORDS, form_data(page))
    assert [each.current.description for each in saved_evidence(session)] == ["Example Society"]


def test_import_redirects_to_the_imported_evidence(alice, session):
    alice.post(RECORDS, form_data(upload_and_preview(alice, TALKS_CSV)))
    other = b"title,date,link\nAnother,2026,https://c.example\n"
    response = alice.post(RECORDS, form_data(upload_and_preview(alice, other)))
    page = alice.get(response.location).text
    assert "1 piece found. Imported on" in text_of(page)
    assert "Another" in page
    assert "Étude" not in page
    assert 'name="created_at"' in page
    assert "Étude" in alice.get("/evidence?created_at=soon").text


def test_position_rows_accept_years_and_current_jobs(alice, session):
    page = upload_and_preview(alice, POSITIONS_CSV)
    response = alice.post(RECORDS, form_data(page))
    assert response.location == "/career"
    session.rollback()
    found = session.scalars(sa.select(Position).order_by(Position.started_on.desc()))
    assert [(each.title, each.employer, each.started_on, each.ended_on) for each in found] == [
        ("Engineer", "Old Key Ltd", "2019", None),
        ("Analyst", "New", "2015-09", "2018-12"),
    ]


def test_changed_record_type_offers_its_columns(alice):
    upload(alice, TALKS_CSV)
    response = alice.put(OPTIONS, {**selected_options(alice.get(PREVIEW).text), "record": "degree"})
    assert response.status_code == 200
    assert '<option value="institution"' in response.text


def test_missing_or_repeated_column_is_rejected_and_answers_are_kept(alice, session):
    upload(alice, TALKS_CSV)
    page = alice.get(PREVIEW).text
    assert "Import “Titel” as" in text_of(page)
    assert "Vortrag über Kosten" in text_of(page)
    options = selected_options(page)
    assert options["column-0"] == "title"
    for change, message in (
        ({"column-0": ""}, "No column is set to “Title”, which is required."),
        ({"column-4": "title"}, "More than one column is set to “Title”. Keep one."),
    ):
        refused = alice.put(OPTIONS, {**options, **change})
        assert refused.status_code == 422
        assert message in text_of(refused.text)
        assert selected_options(refused.text) == {**options, **change}


def test_known_link_is_recognised_and_deleted_evidence_can_return(alice, session):
    alice.post(RECORDS, form_data(upload_and_preview(alice, TALKS_CSV)))
    talk, _study = saved_evidence(session)
    other = b"title,date,link\nMy talk,2024,http://www.example.org/a/\n"
    assert "you have a piece with this link" in upload_and_preview(alice, other)
    alice.delete(f"/evidence/{talk.id}")
    page = upload_and_preview(alice, TALKS_CSV)
    assert "imported before, and deleted by you" in text_of(page)
    assert alice.post(RECORDS, form_data(page, take=row_keys(page)[:1])).status_code == 303
    assert len(saved_evidence(session)) == 2


def test_equivalent_pull_request_link_is_recognised(alice):
    row = b"title,date,link\nMine,2024,https://github.com/acme/ranker/pull/7%s\n"
    alice.post(RECORDS, form_data(upload_and_preview(alice, row % b"/files")))
    assert "you have a piece with this link" in upload_and_preview(alice, row % b"")


def test_import_saves_nothing_when_one_row_fails(alice, session, monkeypatch):
    page = upload_and_preview(alice, TALKS_CSV)
    monkeypatch.setattr("roadmap.evidence.actions.MAX_PIECES", 1)
    assert alice.post(RECORDS, form_data(page)).status_code == 409
    assert saved_evidence(session) == []
    assert session.scalars(sa.select(ImportedRecord)).all() == []
    assert checkboxes(alice.get(PREVIEW).text) == checkboxes(page)


def test_pending_import_is_private_and_expires_after_a_day(alice, session, cast, browser_of, now):
    form = form_data(upload_and_preview(alice, TALKS_CSV))
    mallory = browser_of(cast.mallory)
    assert mallory.get(PREVIEW).status_code == 303
    assert mallory.post(RECORDS, form).location == URL
    session.execute(sa.update(PendingImport).values(created_at=now - dt.timedelta(hours=25)))
    session.commit()
    tasks.prune()
    assert alice.post(RECORDS, form).location == URL
    assert saved_evidence(session) == []


def test_form_of_a_replaced_upload_is_rejected(alice, session):
    outdated_form = form_data(upload_and_preview(alice, TALKS_CSV))
    upload_and_preview(alice, b"title,date,link\nOther,2024,https://c.example\n")
    refused = alice.post(RECORDS, outdated_form)
    assert refused.status_code == 422
    assert "has changed since" in refused.text
    assert saved_evidence(session) == []


def test_result_message_counts_skipped_rows(alice):
    rows = (
        b"Title,Date,Link\nOne,2026-01-02,https://a.example/1\nTwo,2026-01-03,https://a.example/2\n"
    )
    alice.post(RECORDS, form_data(upload_and_preview(alice, rows)))
    rows += b"Two,2026-01-03,https://a.example/2\nThree,2026-01-04,https://a.example/3\n"
    page = upload_and_preview(
        alice, rows + b"Four,2026-01-05,https://a.example/4\nFive,never,ftp://x\n"
    )
    response = alice.post(RECORDS, form_data(page, take=row_keys(page)[-1:]))
    summary = (
        "1 piece is imported as a draft. Left out: 1 not ticked, 2 already imported, 1 repeated, "
    )
    assert f"{summary}1 with an error" in alice.get(response.location).text


def test_tick_all_and_discard_work_without_scripts(alice, session, monkeypatch):
    monkeypatch.setattr("roadmap.importers.queries.MAX_PRESELECTED", 1)
    table = b"title,date,link\n" + b"".join(
        b"T%d,2024,https://c.example/%d\n" % (n, n) for n in (1, 2)
    )
    assert [ticked for _title, ticked in checkboxes(upload_and_preview(alice, table))] == [
        False,
        False,
    ]
    assert all(ticked for _title, ticked in checkboxes(alice.get(f"{PREVIEW}?tick=all").text))
    assert alice.delete(URL).status_code == 303
    assert session.scalars(sa.select(PendingImport)).all() == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no rows below the first"),
        (b"title,date\n", "no rows below the first"),
        (b"PK\x03\x04rest", "a workbook, not a CSV file"),
        (b"\x89PNG\0\0", "not a text file"),
        (b"a,b\n" + b"x,y\n" * 600, "more than 500 rows"),
        (b",".join([b"a"] * 99) + b"\nb\n", "more than 60 columns"),
        (b'a,b\n"' + b"x" * 200_000, "cannot be read as a table"),
        (b'a,b\n"x,y\nz,1\nv,2\n', "Line 2: a quotation mark is not closed"),
        (b'sep=,\na,b\n1,2\n"x,y\n"z",1\n', "Line 4: a quotation mark is not closed"),
        (b"a,b\n" + b"x" * 30_000, "a text of more than 20000 characters"),
    ],
    ids=[
        "empty", "header only", "workbook", "binary", "too many rows", "too many columns",
        "unclosed long quote", "unclosed quote", "later unclosed quote", "long cell",
    ],
)  # fmt: skip
def test_unreadable_csv_is_rejected(alice, session, data: bytes, message: str):
    refused = upload(alice, data)
    assert refused.status_code == 422
    assert message in refused.text
    assert session.scalars(sa.select(PendingImport)).all() == []


def test_file_above_the_size_limit_is_rejected(alice):
    kind = "multipart/form-data; boundary=b"
    response = alice.client.post(URL, data=b"X" * 1_000_001, content_type=kind)
    assert response.status_code == 413
    assert "Split it" in response.text


def test_encoding_and_delimiter_are_detected():
    for text, delimiter in (
        ("a;b,c;d\n1;2,5;3\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a,b\n1,2\n", ","),
    ):
        assert detect_delimiter(text) == delimiter
    word = "Müller"
    for data in (
        *(word.encode(name) for name in ("utf-8", "utf-8-sig", "cp1252", "utf-16")),
        b"\xfe\xff" + word.encode("utf-16-be"),
    ):
        assert decode(data) == word
    with pytest.raises(ImportFault):
        decode(b"a\0b")


def test_multi_line_row_is_numbered_by_its_first_line(app):
    with app.test_request_context():
        rows = CsvImporter().load(b'sep=;\r\na;b\r\n"x\r\ny";1\r\nz;2\r\n')
    assert [(row["line"], row["cells"][0]) for row in rows] == [(2, "a"), (3, "x\ny"), (5, "z")]


def test_preview_statement_count_does_not_grow_with_rows(alice, app):
    rows = [b"T%d,2024,https://c.example/%d\n" % (n, n) for n in range(40)]
    counted = []
    for number in (4, 40):
        upload_and_preview(alice, b"title,date,link\n" + b"".join(rows[:number]))
        counted.append(len(statements_of(app, lambda: alice.get(PREVIEW))))
    assert counted[0] == counted[1]


def test_maximum_number_of_rows_fits_one_form(alice, session, monkeypatch):
    assert records.MAX_CANDIDATES == 500
    rows = b"".join(b"T%d,2024,https://c.example/%d\n" % (n, n) for n in range(500))
    page = upload_and_preview(alice, b"title,date,link\n" + rows)
    form = form_data(page, take=row_keys(page))
    assert alice.post(RECORDS, form).status_code == 303
    assert len(saved_evidence(session)) == 500
    assert dt.timedelta(days=1) == actions.LIFETIME
