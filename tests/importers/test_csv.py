"""/evidence/import: upload a CSV file, map its columns, and save the selected rows."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pytest
import sqlalchemy as sa

from roadmap.career.models import Position
from roadmap.evidence.models import Evidence
from roadmap.importers import actions, records
from roadmap.importers.importer import ImportFault
from roadmap.importers.kinds.csv_file import CsvImporter, decode, detect_delimiter
from roadmap.importers.models import ImportedRecord, PendingImport
from roadmap.jobs import tasks
from tests.support import catalog
from tests.support.sample_data import OPEN_MILESTONE, SLUG
from tests.support.statements import statements_of

HERE = "/evidence/import/csv"
PREVIEW, OPTIONS, RECORDS = f"{HERE}/preview", f"{HERE}/options", f"{HERE}/records"
TALKS = (
    "Titel;Art;Datum;Link;Notiz\r\n"
    "Vortrag über Kosten;Talk;15.03.2024;https://example.org/a;Drei Folien\r\n"
    "Étude;;2023;https://example.org/b;\r\n"
).encode("cp1252")
WORK = b"Position,Company,From,To\nEngineer,Old Key Ltd,2019,Present\nAnalyst,New,2015-09,2018-12\n"


def bring(browser, data: bytes, name: str = "talks.csv"):
    return browser.post(HERE, {"file": (io.BytesIO(data), name)})


def chosen(page: str) -> dict[str, str]:
    """Return what the selects of a page have chosen, by name."""
    found = {}
    for name, options in re.findall(
        r'<select id="[^"]+" name="([^"]+)".*?>(.*?)</select>', page, re.S
    ):
        [value] = re.findall(r'value="([^"]*)" selected', options) or [""]
        found[name] = html.unescape(value)
    return found


def preview(browser, data: bytes, **other: str) -> str:
    """Bring a file, agree with what is proposed but for `other`, and return the preview."""
    assert bring(browser, data).status_code == 303
    answers = {**chosen(browser.get(PREVIEW).text), **other}
    assert browser.put(OPTIONS, answers).status_code == 303
    return browser.get(PREVIEW).text


def boxes(page: str) -> list[tuple[str, bool]]:
    return [
        (html.unescape(title).strip(), "checked" in attributes)
        for attributes, title in re.findall(r'name="take" ([^>]*)>(.*?)</label>', page, re.S)
    ]


def fields(page: str, **more: object) -> dict[str, object]:
    """Return the form of the preview as a browser sends it."""
    [seen] = re.findall(r'name="seen" value="([^"]+)"', page)
    ticked = re.findall(r'name="take" value="(\w+)"\s+checked', page)
    return {"seen": seen, "take": ticked, **chosen(page), **more}


def keys(page: str) -> list[str]:
    """Return what names each row of the preview."""
    return re.findall(r'name="take" value="(\w+)"', page)


def pieces(session) -> list[Evidence]:
    session.rollback()
    return list(session.scalars(sa.select(Evidence).order_by(Evidence.title)))


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def test_a_german_table_becomes_drafts_and_the_second_time_nothing(alice, session):
    assert HERE in alice.get("/evidence/import").text
    page = preview(alice, TALKS, kind="blog_post")
    assert boxes(page) == [("Vortrag über Kosten", True), ("Étude", True)]
    assert pieces(session) == []
    answer = alice.post(RECORDS, fields(page))
    assert answer.location.startswith("/evidence?created_at=")
    assert "2 pieces are imported as drafts" in alice.get(answer.location).text
    talk, study = pieces(session)
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
    again = preview(alice, TALKS)
    assert [ticked for _title, ticked in boxes(again)] == [False, False]
    assert "imported before" in again
    refused = alice.post(RECORDS, fields(again))
    assert refused.status_code == 422
    assert "Nothing is ticked" in refused.text
    assert len(pieces(session)) == 2


def test_sending_the_form_twice_imports_once(alice, session):
    form = fields(preview(alice, TALKS))
    assert alice.post(RECORDS, form).status_code == 303
    assert alice.post(RECORDS, form).status_code == 303
    assert len(pieces(session)) == 2


def test_a_section_gives_its_kind_and_its_milestone(alice, session, cast, now):
    catalog.enroll(session, cast.alice, now, SLUG)
    session.commit()
    page = preview(alice, TALKS)
    sections = {"kind-0": "launch", "milestone-0": OPEN_MILESTONE, "milestone-1": "no-such-key"}
    assert alice.post(RECORDS, fields(page, **sections)).status_code == 303
    talk, study = pieces(session)
    assert (talk.current.kind, talk.milestone_keys) == ("launch", [OPEN_MILESTONE])
    assert study.milestone_keys == []


def test_errors_name_their_line_and_keep_everything_out(alice, session):
    table = (
        b"title,date,link\nGood,2024-05,https://a.example\n,2024,https://b.example\nBad,soon,x y\n"
    )
    page = preview(alice, table)
    assert "Line 3: Title: Give it a title" in text_of(page)
    text = text_of(page)
    assert re.search("Line 4 “Bad”: Date[^:]*: “soon” is not a date. Write it as 2026-03-15", text)
    assert re.search("Line 4 “Bad”.*Link[^:]*: This is not a web address", text)
    assert "2 entries cannot be imported" in text
    refused = alice.post(RECORDS, fields(page))
    assert refused.status_code == 422
    assert pieces(session) == []
    assert boxes(refused.text) == [("Good", True)]
    assert alice.post(RECORDS, fields(page, without="1")).status_code == 303
    assert [each.title for each in pieces(session)] == ["Good"]


def test_all_that_is_wrong_with_a_row_is_said_at_once(alice):
    page = text_of(preview(alice, b"Titel;Art;Datum;Link\nBad;foo;soon;ftp://x\n"))
    assert re.search("Line 2 “Bad”: Date[^:]*: “soon” is not a date", page)
    assert re.search("Link[^:]*: This is not a web address", page)
    assert "1 entry cannot be imported" in page
    assert "No kind of evidence: “foo”. These rows are taken as “Other”" in page
    # Nothing is said of the date besides.
    assert page.count("Line 2") == 1
    assert page.count("Date") == 1


@pytest.mark.parametrize(
    ("order", "read"), [("dmy", "day, month, year"), ("mdy", "month, day, year")]
)
def test_the_preview_says_how_short_dates_are_read(alice, order, read):
    table = b"title,date,link\nA,03/04/2026,https://a.example\n"
    note = f"Dates such as “03/04/2026” are read as {read}."
    assert note in text_of(preview(alice, table, order=order))
    assert "Dates such as" not in preview(alice, table.replace(b"03/04", b"03/03"))


def test_dates_of_which_none_tells_the_order_are_asked_about(alice, session):
    table = b"title,date,link\nA,03/04/2024,https://a.example\nB,05/06/2024,https://b.example\n"
    bring(alice, table)
    answers = chosen(alice.get(PREVIEW).text)
    assert answers["order"] == ""
    refused = alice.put(OPTIONS, answers)
    assert refused.status_code == 422
    assert "Choose whether 03/04/2026 is 3 April or 4 March" in text_of(refused.text)
    assert chosen(refused.text) == answers
    assert alice.put(OPTIONS, {**answers, "order": "mdy"}).status_code == 303
    assert "Mar 2024" in text_of(alice.get(PREVIEW).text)
    for date, order in ((b"13/06/2024", "dmy"), (b"06/13/2024", "mdy"), (b"05/05/2024", "")):
        bring(alice, table.replace(b"05/06/2024", date))
        assert chosen(alice.get(PREVIEW).text)["order"] == order
    bring(alice, table.replace(b"03/04", b"03/03").replace(b"05/06", b"05/05"))
    assert chosen(alice.get(PREVIEW).text)["order"] == "dmy"


def test_what_has_no_link_is_described_by_who_issued_it(alice, session):
    table = b"title,date,organization\nPrize,2024,Example Society\nNothing,2024,\n"
    page = preview(alice, table)
    assert boxes(page) == [("Prize", True)]
    said = (
        "Line 3 “Nothing”: Link[^:]*: There is neither a link nor a description.* Fill in a column"
    )
    assert re.search(said, text_of(page))
    assert "Add a link, a file" not in page
    alice.post(RECORDS, fields(page, without="1"))
    assert [each.current.description for each in pieces(session)] == ["Example Society"]


def test_one_is_led_to_what_was_imported(alice, session):
    alice.post(RECORDS, fields(preview(alice, TALKS)))
    other = b"title,date,link\nAnother,2026,https://c.example\n"
    answer = alice.post(RECORDS, fields(preview(alice, other)))
    page = alice.get(answer.location).text
    assert "1 piece found. Imported on" in text_of(page)
    assert "Another" in page
    assert "Étude" not in page
    assert 'name="created_at"' in page
    assert "Étude" in alice.get("/evidence?created_at=soon").text


def test_positions_go_on_and_have_years(alice, session):
    page = preview(alice, WORK)
    answer = alice.post(RECORDS, fields(page))
    assert answer.location == "/career"
    session.rollback()
    found = session.scalars(sa.select(Position).order_by(Position.started_on.desc()))
    assert [(each.title, each.employer, each.started_on, each.ended_on) for each in found] == [
        ("Engineer", "Old Key Ltd", "2019", None),
        ("Analyst", "New", "2015-09", "2018-12"),
    ]


def test_another_record_asks_for_its_columns(alice):
    bring(alice, TALKS)
    asked = alice.put(OPTIONS, {**chosen(alice.get(PREVIEW).text), "record": "degree"})
    assert asked.status_code == 200
    assert '<option value="institution"' in asked.text


def test_a_column_that_is_required_or_set_twice_is_asked_for_again(alice, session):
    bring(alice, TALKS)
    page = alice.get(PREVIEW).text
    assert "Import “Titel” as" in text_of(page)
    assert "Vortrag über Kosten" in text_of(page)
    answers = chosen(page)
    assert answers["column-0"] == "title"
    for change, why in (
        ({"column-0": ""}, "No column is set to “Title”, which is required."),
        ({"column-4": "title"}, "More than one column is set to “Title”. Keep one."),
    ):
        refused = alice.put(OPTIONS, {**answers, **change})
        assert refused.status_code == 422
        assert why in text_of(refused.text)
        assert chosen(refused.text) == {**answers, **change}


def test_one_has_the_link_already_and_a_deleted_one_can_come_again(alice, session):
    alice.post(RECORDS, fields(preview(alice, TALKS)))
    talk, _study = pieces(session)
    other = b"title,date,link\nMy talk,2024,http://www.example.org/a/\n"
    assert "you have a piece with this link" in preview(alice, other)
    alice.delete(f"/evidence/{talk.id}")
    page = preview(alice, TALKS)
    assert "imported before, and deleted by you" in text_of(page)
    assert alice.post(RECORDS, fields(page, take=keys(page)[:1])).status_code == 303
    assert len(pieces(session)) == 2


def test_another_link_to_the_same_thing_is_known(alice):
    row = b"title,date,link\nMine,2024,https://github.com/acme/ranker/pull/7%s\n"
    alice.post(RECORDS, fields(preview(alice, row % b"/files")))
    assert "you have a piece with this link" in preview(alice, row % b"")


def test_all_or_nothing(alice, session, monkeypatch):
    page = preview(alice, TALKS)
    monkeypatch.setattr("roadmap.evidence.actions.MAX_PIECES", 1)
    assert alice.post(RECORDS, fields(page)).status_code == 409
    assert pieces(session) == []
    assert session.scalars(sa.select(ImportedRecord)).all() == []
    assert boxes(alice.get(PREVIEW).text) == boxes(page)


def test_it_is_each_persons_own_and_gone_after_a_day(alice, session, cast, browser_of, now):
    form = fields(preview(alice, TALKS))
    mallory = browser_of(cast.mallory)
    assert mallory.get(PREVIEW).status_code == 303
    assert mallory.post(RECORDS, form).location == HERE
    session.execute(sa.update(PendingImport).values(created_at=now - dt.timedelta(hours=25)))
    session.commit()
    tasks.prune()
    assert alice.post(RECORDS, form).location == HERE
    assert pieces(session) == []


def test_a_list_that_was_replaced_is_shown_again(alice, session):
    old = fields(preview(alice, TALKS))
    preview(alice, b"title,date,link\nOther,2024,https://c.example\n")
    refused = alice.post(RECORDS, old)
    assert refused.status_code == 422
    assert "has changed since" in refused.text
    assert pieces(session) == []


def test_the_last_line_counts_what_was_left_out(alice):
    rows = (
        b"Title,Date,Link\nOne,2026-01-02,https://a.example/1\nTwo,2026-01-03,https://a.example/2\n"
    )
    alice.post(RECORDS, fields(preview(alice, rows)))
    rows += b"Two,2026-01-03,https://a.example/2\nThree,2026-01-04,https://a.example/3\n"
    page = preview(alice, rows + b"Four,2026-01-05,https://a.example/4\nFive,never,ftp://x\n")
    answer = alice.post(RECORDS, fields(page, take=keys(page)[-1:], without="1"))
    said = "1 piece is imported as a draft. Left out: 1 not ticked, 2 known before, 1 repeated, "
    assert f"{said}1 with an error" in alice.get(answer.location).text


def test_tick_all_and_none_without_scripts(alice, session, monkeypatch):
    monkeypatch.setattr("roadmap.importers.queries.MAX_TICKED", 1)
    table = b"title,date,link\n" + b"".join(
        b"T%d,2024,https://c.example/%d\n" % (n, n) for n in (1, 2)
    )
    assert [ticked for _title, ticked in boxes(preview(alice, table))] == [False, False]
    assert all(ticked for _title, ticked in boxes(alice.get(f"{PREVIEW}?tick=all").text))
    assert alice.delete(HERE).status_code == 303
    assert session.scalars(sa.select(PendingImport)).all() == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no row below the first"),
        (b"title,date\n", "no row below the first"),
        (b"PK\x03\x04rest", "a workbook, not a CSV file"),
        (b"\x89PNG\0\0", "not a text file"),
        (b"a,b\n" + b"x,y\n" * 600, "more than 500 rows"),
        (b",".join([b"a"] * 99) + b"\nb\n", "more than 60 columns"),
        (b'a,b\n"' + b"x" * 200_000, "cannot be read as a table"),
        (b'a,b\n"x,y\nz,1\nv,2\n', "Line 2: a quotation mark is not closed"),
        (b'sep=,\na,b\n1,2\n"x,y\n"z",1\n', "Line 4: a quotation mark is not closed"),
        (b"a,b\n" + b"x" * 30_000, "a text of more than 20000 characters"),
    ],
)  # fmt: skip
def test_files_that_are_no_table(alice, session, data: bytes, why: str):
    refused = bring(alice, data)
    assert refused.status_code == 422
    assert why in refused.text
    assert session.scalars(sa.select(PendingImport)).all() == []


def test_a_file_that_is_too_large(alice):
    kind = "multipart/form-data; boundary=b"
    answer = alice.client.post(HERE, data=b"X" * 1_000_001, content_type=kind)
    assert answer.status_code == 413
    assert "Split it" in answer.text


def test_encodings_and_delimiters():
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


def test_a_row_of_several_lines_is_named_by_its_first(app):
    with app.test_request_context():
        rows = CsvImporter().load(b'sep=;\r\na;b\r\n"x\r\ny";1\r\nz;2\r\n')
    assert [(row["line"], row["cells"][0]) for row in rows] == [(2, "a"), (3, "x\ny"), (5, "z")]


def test_the_number_of_statements_does_not_grow(alice, app):
    rows = [b"T%d,2024,https://c.example/%d\n" % (n, n) for n in range(40)]
    counted = []
    for number in (4, 40):
        preview(alice, b"title,date,link\n" + b"".join(rows[:number]))
        counted.append(len(statements_of(app, lambda: alice.get(PREVIEW))))
    assert counted[0] == counted[1]


def test_as_many_as_there_can_be_fit_into_one_form(alice, session, monkeypatch):
    assert records.MAX_CANDIDATES == 500
    rows = b"".join(b"T%d,2024,https://c.example/%d\n" % (n, n) for n in range(500))
    page = preview(alice, b"title,date,link\n" + rows)
    form = fields(page, take=keys(page))
    assert alice.post(RECORDS, form).status_code == 303
    assert len(pieces(session)) == 500
    assert dt.timedelta(days=1) == actions.LIFETIME
