"""Importers read files written by other sites and tools."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from roadmap.career.models import Degree, Position
from roadmap.evidence.models import Evidence
from roadmap.importers.importer import ImportFault, ParseResult
from roadmap.importers.kinds import IMPORTERS
from roadmap.importers.queries import make_preview
from roadmap.portfolio.actions import add_all_items, lock_portfolio
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.importers.pages import checkboxes, form_data
from tests.support.markup import text_of

RESUME = {
    "basics": {"name": "Ada", "label": "", "website": "https://example.org/", "email": None},
    "work": [
        {"company": "Old Key Ltd", "position": "Engineer", "startDate": "2019",
         "endDate": "Present", "highlights": ["Cut p99", 7, None]},
        {"name": "New Key Ltd", "position": "Engineer", "startDate": "2015-09", "endDate": ""},
        "no object",
    ],
    "education": [
        {"institution": "U", "studyType": "", "area": "Maths", "startDate": "1999-09",
         "endDate": "2004"},
        {"institution": "V", "studyType": "M.Sc.", "area": "Physics", "endDate": "2006-07-00"},
    ],
    "certificates": [
        {"name": "Cloud", "date": "2024-02", "issuer": "Example", "url": "example.org/c"}
    ],
    "skills": [{"name": "Languages", "level": "Master", "keywords": ["C#", "C++"]}],
    "projects": None,
}  # fmt: skip
BIBTEX = rb"""
@comment{ignored}
@string{nips = "Advances in Neural Information Processing Systems"}
@inproceedings{a, title={Learning {CNN}s with {\"U}mlauts \& more}, author={Smith, J{\"o}rg and
  M{\"u}ller, Anna}, booktitle=nips, year=2020, month=dec, doi={10.1000/ABC}}
@article{b, title="Broken, year=2019
@misc{c, title={On arXiv}, year={2024}, eprint={2401.01234}, archivePrefix={arXiv}}
@patent{d, title={A cache}, date={2023-05-04/2023-06-01}, url={https://patents.example.org/1}}
@book{e, title={No year}}
"""


def read(key: str, data: bytes | object) -> ParseResult:
    """Parse a file as the page does, including the JSON that is stored between requests."""
    importer = IMPORTERS[key]
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return importer.read(json.loads(json.dumps(importer.load(data))), {})


def linkedin_zip(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"Basic_LinkedInDataExport/{name}.csv", text.encode("utf-8-sig"))
    return packed.getvalue()


POSITIONS = (
    "Company Name,Title,Description,Location,Started On,Finished On\n"
    'Example,ML engineer,"Ranking, and its cache",Berlin,Mar 2021,\n'
    "Old,Analyst,,,2018,Feb 2021\n"
)
LINKEDIN_EXPORT = linkedin_zip(
    Positions=POSITIONS,
    Education="School Name,Start Date,End Date,Notes,Degree Name,Activities\nU,2010,2014,,BSc,\n",
    Certifications="Name,Url,Authority,Started On,Finished On,License Number\n"
    "Cloud,https://example.org/c,Example,Jan 2024,Jan 2027,1\n",
    Connections="Notes:\nA line\n\nFirst Name,Last Name\nA,B\n",
)


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


def test_json_resume_with_old_keys_and_odd_values_is_parsed():
    found = read("json-resume", RESUME)
    [problem] = found.problems
    assert problem.where == "“work”, entry 3, line 1"
    assert found.notes == ["Left out, because it is not text: “work”, entry 1: “highlights”."]
    assert [(each.record, each.values) for each in found.candidates][:2] == [
        ("position", {"title": "Engineer", "employer": "Old Key Ltd", "started_on": "2019",
                      "ended_on": "", "is_ml": "", "summary": "- Cut p99"}),
        ("position", {"title": "Engineer", "employer": "New Key Ltd", "started_on": "2015-09",
                      "ended_on": "", "is_ml": "", "summary": ""}),
    ]  # fmt: skip
    degrees = [each.values for each in found.candidates if each.record == "degree"]
    assert [(each["level"], each["field"], each["awarded_on"]) for each in degrees] == [
        ("other", "Maths", "2004"), ("master", "Physics", "2006-07")
    ]  # fmt: skip
    [piece] = [each.values for each in found.candidates if each.record == "evidence"]
    assert (piece["kind"], piece["url"], piece["occurred_on"], piece["issuer"]) == (
        "certification", "https://example.org/c", "2024-02", "Example"
    )  # fmt: skip


def test_json_resume_problems_name_section_entry_and_line(app):
    text = """ {
      "awards": "oops",
      "publications": [
        {"name": "Q", "releaseDate": "2024-05", "url": "a.example", "summary": {}},
        {"name": "P",
         "releaseDate": "03/04/2024"}, 7
      ]
    }"""
    found = make_preview(read("json-resume", text.encode()), dt.date(2026, 11, 30), {}, {})
    assert [(each.where, len(each.errors)) for each in found.problems] == [
        ("“awards”, line 2", 1),
        ("“publications”, entry 2, line 5 “P”", 2),
        ("“publications”, entry 3, line 6", 1),
    ]
    ambiguous, _no_link = found.problems[1].errors
    assert "“03/04/2024” is ambiguous: day or month may come first. Write it as 2026" in ambiguous
    assert [row.title for row in found.rows] == ["Q"]
    assert found.notes == ["Left out, because it is not text: “publications”, entry 1: “summary”."]


def test_publication_id_is_the_same_from_bibtex_and_orcid(app):
    bib = b"@misc{a, title={%s}, year=2021%s}"
    long = b"A title. " * 40
    for more, work in (
        (b", doi={https://doi.org/10.1/A}", {"doi": "10.1/a"}),
        (b", eprint={2401.01234v2}", {"arxiv": "2401.01234"}),
        (b"", {}),
    ):
        [found] = read("bibtex", bib % (long, more)).candidates
        listed = [
            {"external-id-type": kind, "external-id-value": value} for kind, value in work.items()
        ]
        group = {"work-summary": [{
            "title": {"title": {"value": long.decode()}}, "external-ids": {"external-id": listed},
            "publication-date": {"year": {"value": "2021"}},
        }]}  # fmt: skip
        [record] = IMPORTERS["orcid"].parse("works", {"group": [group]}, {}).records
        assert record["id"] == found.external_id


def test_long_title_is_shortened_with_a_note():
    found = read("bibtex", b"@misc{a, title={%s}, year=2021}" % (b"A title. " * 40))
    [candidate] = found.candidates
    assert len(candidate.values["title"]) == 200
    assert candidate.values["title"].endswith("…")
    [note] = found.notes
    assert "Title has more than 200 characters. The rest is left out." in note


def test_bibtex_is_parsed_and_only_the_broken_entry_fails():
    found = read("bibtex", BIBTEX)
    parsed = {each.values["title"]: (each.external_id, each.values) for each in found.candidates}
    assert list(parsed) == ["Learning CNNs with Ümlauts & more", "On arXiv", "A cache", "No year"]
    key, paper = parsed["Learning CNNs with Ümlauts & more"]
    assert key == "doi:10.1000/abc"
    assert paper["url"] == "https://doi.org/10.1000/ABC"
    assert paper["occurred_on"] == "2020-12"
    assert paper["description"].startswith("Smith, Jörg; Müller, Anna. Advances in Neural")
    assert parsed["On arXiv"][1]["url"] == "https://arxiv.org/abs/2401.01234"
    assert (parsed["A cache"][1]["kind"], parsed["A cache"][1]["occurred_on"]) == (
        "patent", "2023-05-04"
    )  # fmt: skip
    assert [each.where for each in found.problems] == ["Line 6"]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (rb"{D}eep learning in M{\"u}nchen", "Deep learning in München"),
        (rb'{D}eep learning in M{"u}nchen', "Deep learning in München"),
        (
            rb"A na\"{\i}ve {\emph{very}} \textbf{deep} \textsuperscript{2} net",
            "A naïve very deep 2 net",
        ),
        (rb"50% of $\mathcal{O}(n)$ \& 3\% of {N}", "50% of $O(n)$ & 3% of N"),
        (rb"\v{S}kola \ss{} \textendash{} x", "Škola ß – x"),
    ],
)
def test_bibtex_title_has_no_latex(written, title):
    [found] = read("bibtex", b"@misc{a, title={%s}, year=2021}" % written).candidates
    assert found.values["title"] == title


def test_bibtex_titles_are_decoded_after_long_abstracts():
    entry = b'@misc{a%d, title={M{\\"u}nchen %d}, year=2021, abstract={%s}}\n'
    file = b"".join(entry % (n, n, b"{\\o} " * 2_000) for n in range(30))
    titles = [each.values["title"] for each in read("bibtex", file).candidates]
    assert titles == [f"München {n}" for n in range(30)]


def test_bibtex_nesting_and_entries_are_bounded():
    deep = b"@article{a, title={" + b"{" * 5_000 + b"}" * 5_000 + b"}, year=2020}"
    assert len(read("bibtex", deep).problems) == 1
    with pytest.raises(ImportFault, match="more than 500"):
        read("bibtex", b"@misc{a, title={x}, year=2020}\n" * 501)
    with pytest.raises(ImportFault, match="more than 500"):
        read("bibtex", b'@string{a = "x"}\n' * 2_001)


def test_bibtex_abbreviation_expansion_is_bounded():
    # A few bytes could expand to megabytes.
    letters = b'@string{a = "' + b"{x}" * 166 + b'"}\n'
    assert len(read("bibtex", letters + b"@misc{b, title=" + b"a#" * 100 + b"a}").problems) == 1


def test_bibtex_month_with_many_digits_is_ignored():
    entry = b"@misc{a, title={x}, year=2020, month={" + b"1" * 5_000 + b"}}"
    assert read("bibtex", entry).candidates[0].values["occurred_on"] == "2020"


def test_linkedin_export_is_parsed():
    found = read("linkedin", LINKEDIN_EXPORT)
    assert found.problems == []
    assert [each.record for each in found.candidates] == ["position"] * 2 + ["degree", "evidence"]
    first, degree = found.candidates[0].values, found.candidates[2].values
    assert (first["started_on"], first["ended_on"]) == ("2021-03", "")
    assert first["summary"] == "Ranking, and its cache"
    assert (degree["level"], degree["awarded_on"]) == ("bachelor", "2014")
    certificate = found.candidates[3].values
    assert (certificate["issued_on"], certificate["expires_on"]) == ("2024-01", "2027-01")


def test_linkedin_export_above_the_limit_names_the_needed_files(cast, browser_of):
    alice, url = browser_of(cast.alice), "/evidence/import/linkedin"
    assert "put only Positions.csv, Education.csv, Certifications.csv" in alice.get(url).text
    # Sent as bytes: for a file of this size the client opens a temporary file it never closes.
    kind = "multipart/form-data; boundary=b"
    answer = alice.client.post(url, data=b"x" * 1_100_000, content_type=kind)
    assert answer.status_code == 413
    assert "put only the files named on the import page" in answer.text


def make_zip(*names: str, text: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name in names:
            archive.writestr(name, text)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("key", "data", "expected"),
    [
        ("linkedin", b"no ZIP", "not the ZIP"),
        ("linkedin", LINKEDIN_EXPORT[:-40], "not the ZIP"),
        (
            "linkedin",
            make_zip("Positions.csv", text="Title,Company Name\n" + "a,b\n" * 400_000),
            "suspiciously large",
        ),
        # Each file is within the limit, both together are not.
        ("linkedin", make_zip("1/Positions.csv", "2/Positions.csv", text="\n" * 600_000), "large"),
        # `zipfile` unpacks more of BZIP2 than requested.
        (
            "linkedin",
            make_zip("Positions.csv", text="a\n", method=zipfile.ZIP_BZIP2),
            "compression method",
        ),
        ("linkedin", make_zip("../../Skills.csv", text="Name\nA\n"), "a file with an invalid name"),
        ("linkedin", make_zip("Skills.csv", text="Name\nA\n"), "no positions"),
        (
            "linkedin",
            linkedin_zip(Positions=POSITIONS + 'A,"b\nC,d\n'),
            "Positions.csv: .* Line 4: a",
        ),
        ("json-resume", b"[1]", "not a JSON Resume"),
        ("json-resume", b'{"work": [],\n"education": [}', "Line 2 is not JSON"),
        ("json-resume", b"[" * 100_000, "not a JSON Resume"),
        (
            "json-resume",
            b'{"work": {"name": 1}}',
            "not a JSON Resume.*“work”, line 1: This is not a",
        ),
        ("bibtex", b"\0\0", "not a text file"),
        ("bibtex", b"Hello", "no entries"),
    ],
    ids=[
        "not a zip",
        "truncated zip",
        "zip bomb",
        "large together",
        "bzip2",
        "path traversal",
        "no known file",
        "unclosed quote",
        "wrong top level",
        "invalid json",
        "deep json",
        "wrong section type",
        "binary",
        "no entries",
    ],
)
def test_unreadable_file_is_rejected_with_reason(key, data, expected):
    with pytest.raises(ImportFault, match=expected):
        read(key, data)


def test_zip_path_traversal_is_rejected_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImportFault, match="a file with an invalid name"):
        read("linkedin", make_zip("../../Positions.csv", text=POSITIONS))
    assert list(Path(tmp_path.parent).glob("*.csv")) == []


def test_preview_marks_machine_learning_positions(cast, browser_of, session):
    alice, url = browser_of(cast.alice), "/evidence/import/linkedin"
    alice.post(url, {"file": (io.BytesIO(LINKEDIN_EXPORT), "LinkedIn.zip")})
    page = alice.get(f"{url}/preview").text
    assert len(checkboxes(page)) == 4
    sent = form_data(page)
    first = sent["take"][0] if isinstance(sent["take"], list) else sent["take"]
    assert alice.post(f"{url}/records", {**sent, "is_ml": first}).status_code == 303
    session.rollback()
    assert session.scalars(sa.select(Position.is_ml).order_by(Position.started_on)).all() == [
        False, True
    ]  # fmt: skip
    assert session.scalars(sa.select(Degree.level)).all() == ["bachelor"]
    [piece] = session.scalars(sa.select(Evidence)).all()
    assert (piece.state, piece.current.kind) == ("draft", "certification")
    # A second import proposes nothing.
    alice.post(url, {"file": (io.BytesIO(LINKEDIN_EXPORT), "LinkedIn.zip")})
    assert not any(ticked for _title, ticked in checkboxes(alice.get(f"{url}/preview").text))


@pytest.mark.parametrize(
    ("key", "name", "data", "expected"),
    [
        ("linkedin", "LinkedIn.zip", LINKEDIN_EXPORT, [
            "since Mar 2021 no end given, assumed current Example",
            "2018 to Feb 2021 Old",
            "awarded 2014",
        ]),
        ("json-resume", "resume.json", json.dumps(RESUME).encode(), [
            "since 2019 Old Key Ltd",
            "since Sep 2015 no end given, assumed current New Key Ltd",
            "awarded Jul 2006",
        ]),
        ("json-resume", "resume.json", b'{"education": [{"institution": "U"}]}', [
            "no date given, assumed awarded",
        ]),
    ],
    ids=["linkedin", "json resume", "no dates"],
)  # fmt: skip
def test_preview_shows_dates_of_positions_and_degrees(cast, browser_of, key, name, data, expected):
    alice, url = browser_of(cast.alice), f"/evidence/import/{key}"
    alice.post(url, {"file": (io.BytesIO(data), name)})
    page = text_of(alice.get(f"{url}/preview").text)
    assert [each for each in expected if each not in page] == [], page


def test_import_result_links_to_evidence_and_career(cast, browser_of):
    alice, url = browser_of(cast.alice), "/evidence/import/linkedin"
    alice.post(url, {"file": (io.BytesIO(LINKEDIN_EXPORT), "LinkedIn.zip")})
    answer = alice.post(f"{url}/records", form_data(alice.get(f"{url}/preview").text))
    page = alice.get(answer.location).text
    assert "3 entries of your career are imported. Positions and education" in text_of(page)
    assert '<a href="/career">Positions and education</a>' in page
    assert "1 piece found." in text_of(page)


def test_missing_link_is_replaced_by_issuer_or_reported():
    awards = [
        {"title": "Prize", "date": "2024", "awarder": "Example Society"},
        {"title": "Medal", "date": "2024"},
    ]
    volunteer = [{"position": "Mentor", "organization": "Club", "endDate": "2024"}]
    found = read("json-resume", {"awards": awards, "volunteer": volunteer})
    described = {each.values["title"]: each.values["description"] for each in found.candidates}
    assert described == {"Prize": "Example Society", "Medal": "", "Mentor": "Club"}
    bare = b"Name,Url,Authority,Started On,Finished On\nCloud,,Example,2024,\nOther,,,2024,\n"
    found = read("linkedin", linkedin_zip(Certifications=bare.decode()))
    assert [each.values["description"] for each in found.candidates] == ["Example", ""]
    [_cloud, other] = found.candidates
    assert "Fill in a link or a description on LinkedIn" in other.parse_errors["url"]
    [alone] = read("bibtex", b"@misc{a, title={A}, year=2021}").candidates
    assert "Fill in “doi”, “url”, “author” or “abstract”" in alone.parse_errors["url"]


def test_exported_json_resume_imports_as_draft(cast, browser_of, session, now):
    piece = add_evidence(session, cast, cast.alice, now, visibility="portfolio")
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    mine = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, mine, now.date(), now=now)
    session.commit()
    resume = browser_of(cast.alice).get("/portfolio/export/json-resume").data
    [found] = [each for each in read("json-resume", resume).candidates if each.record == "evidence"]
    assert found.external_id == f"cairn:{piece.id}"
    current = piece.current
    assert found.values["title"] == piece.title
    assert found.values["kind"] == current.kind
    assert found.values["occurred_on"] == current.occurred_on
    assert found.values["description"] == current.description
    carol, url = browser_of(cast.carol), "/evidence/import/json-resume"
    carol.post(url, {"file": (io.BytesIO(resume), "resume.json")})
    assert (
        carol.post(f"{url}/records", form_data(carol.get(f"{url}/preview").text)).status_code == 303
    )
    session.rollback()
    mine = session.scalars(sa.select(Evidence).filter_by(user_id=cast.carol)).all()
    assert [(each.title, each.state) for each in mine] == [(piece.title, "draft")]
