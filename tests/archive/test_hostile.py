"""Archives are untrusted: faults are reported, and a faulty archive stores nothing."""

from __future__ import annotations

import io
import json
import stat
import struct
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from roadmap.archive import reading
from roadmap.archive.format import ACCOUNT, MANIFEST
from roadmap.archive.reading import ArchiveRefused, read_archive
from roadmap.archive.restoring import HasRecords, restore
from roadmap.core.zip_reader import ZipReader
from roadmap.endorsements.models import Endorsement
from roadmap.evidence.models import Comment, Evidence, EvidenceFile, EvidenceVersion
from roadmap.portfolio import actions as portfolio
from tests.archive.packing import QUOTA, bring_back, export, pack
from tests.evidence.builders import add_evidence

EVIDENCE, VERSION = "records/evidence.json", "records/evidence_version.json"
STATUS, FILE = "records/milestone_status.json", "records/evidence_file.json"
HISTORY = "records/history_entry.json"


@pytest.fixture
def contents(cast, session, now):
    add_evidence(session, cast, cast.alice, now, url="https://example.org/a")
    return export(session, cast.alice, now)


def refuse(packed: io.BytesIO, quota: int = QUOTA) -> str:
    with pytest.raises(ArchiveRefused) as refused:
        read_archive(packed, quota=quota)
    return str(refused.value)


Change = Callable[[dict[str, Any]], None]


def set_field(path: str, name: str, value: Any) -> Change:
    return lambda contents: contents[path][0].__setitem__(name, value)


def twice(path: str, **other: Any) -> Change:
    return lambda contents: contents[path].append({**contents[path][0], **other})


NEW_ID = str(uuid.UUID(int=1))
CHANGES: dict[str, tuple[Change, str]] = {
    "same id": (twice(EVIDENCE), "“evidence” has the same record twice (id)"),
    "same key": (twice(VERSION, id=NEW_ID), "has the same record twice (evidence_id, number)"),
    "foreign id": (set_field(VERSION, "evidence_id", NEW_ID), f"names {NEW_ID}, which is not in"),
    "no version": (
        lambda c: (c[VERSION].clear(), c[EVIDENCE][0].update(current_id=None)),
        "has no version",
    ),
    "no id": (set_field(EVIDENCE, "id", "1 OR 1=1"), "evidence.json” cannot be read: row 1, id"),
    "missing": (lambda contents: contents[EVIDENCE][0].pop("title"), "title: Field required"),
    "column": (set_field(EVIDENCE, "user_id", NEW_ID), "user_id: Extra inputs"),
    "table": (lambda c: c.update({"records/user.json": []}), "user.json” is not known here"),
    "state": (set_field(EVIDENCE, "state", "ready"), "row 1, state: Input should be 'draft'"),
    "kind": (set_field(VERSION, "kind", "miracle"), "row 1, kind: Input should be"),
    "link": (set_field(VERSION, "url", "javascript:alert(1)"), "is not a web address"),
    "NUL": (set_field(EVIDENCE, "title", "a\0b"), "contains control characters"),
    "long": (set_field(EVIDENCE, "title", "a" * 201), "at most 200 characters"),
    "number": (set_field(VERSION, "number", 2**40), "less than or equal to 2147483647"),
    "date": (set_field(VERSION, "occurred_on", "2026-02-30"), "row 1, occurred_on"),
    "day": (
        lambda c: c["records/absence.json"].append(
            {
                "id": NEW_ID,
                "starts_on": "2026-01-01",
                "ends_on": "9999-12-31",
                "note": "",
                "created_at": "2026-01-01T00:00:00Z",
            }
        ),
        "row 1, ends_on: Value error, is not a date between 1900 and 9000",
    ),
    "moment": (set_field(EVIDENCE, "created_at", "2026-01-01T00:00:00"), "not a valid time with a"),
    "deep": (
        set_field(HISTORY, "data", json.loads('{"a":' * 40 + "1" + "}" * 40)),
        "is nested too deeply",
    ),
    "infinite": (set_field(HISTORY, "data", {"a": float("inf")}), "contains an invalid number"),
    "huge": (set_field(HISTORY, "data", {"a": 10**30}), "contains a number that is too large"),
    "stray file": (lambda c: c.update({"files/" + "0" * 64: b"a"}), "is not what the manifest"),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_records_that_are_not_right_say_where(contents, change, said):
    change(contents)
    assert said in refuse(pack(contents))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "cannot be read"),
        ('[{"id": NaN}]', "cannot be read"),
        ('[{"id": ' + "9" * 100_000 + "}]", "cannot be read"),
        ('["\\ud800"]', "cannot be read"),
        ("\ufeff[]", "cannot be read"),
        ("{}", "cannot be read"),
    ],
)
def test_json_that_is_none(contents, text, said):
    contents[EVIDENCE] = text.encode()
    assert said in refuse(pack(contents))


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({"format": "other"}, "is no archive of a person"),
        ({"version": 2}, "has version 2; this release of Cairn reads version 1"),
        ({"files": []}, "do not name the same files"),
        ({"made_at": "yesterday"}, "“manifest.json” cannot be read: made_at"),
        ({"instance": "a\0"}, "contains control characters"),
    ],
)
def test_a_manifest_that_is_not_right(contents, manifest, said):
    assert said in refuse(pack(contents, **manifest))


def test_a_wrong_digest_or_size_is_found(contents):
    for name, value in (("sha256", "0" * 64), ("size", 1)):
        packed = pack(contents)
        with zipfile.ZipFile(packed) as archive:
            files = json.loads(archive.read(MANIFEST))["files"]
        listed = next(each for each in files if each["path"] == EVIDENCE)
        listed[name] = value
        assert "evidence.json” is not what the manifest says" in refuse(pack(contents, files=files))


def member(name: str, data: bytes = b"a", *, mode: int = 0, method: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr, info.compress_type = mode << 16, method
    return info


ODD_MEMBERS: dict[str, tuple[zipfile.ZipInfo, bytes, str]] = {
    "traversal": (member("files/../../etc/passwd"), b"", "is no name for a file"),
    "absolute": (member("/etc/passwd"), b"", "is no name for a file"),
    "drive": (member("C:/a"), b"", "is no name for a file"),
    "backslash": (member("files\\..\\a"), b"", "is no name for a file"),
    "empty part": (member("files//a"), b"", "is no name for a file"),
    "link": (member("files/a", mode=stat.S_IFLNK | 0o777), b"/etc/passwd", "is a link or a device"),
    "device": (member("files/a", mode=stat.S_IFCHR), b"", "is a link or a device"),
    "twice": (member("MANIFEST.json"), b"", "is in this ZIP twice"),
    "packed otherwise": (member("a", method=zipfile.ZIP_LZMA), b"a", "in a way that is not read"),
    "bomb": (member("a", method=zipfile.ZIP_DEFLATED), bytes(9_000_000), "unpacks to far more"),
    "not listed": (member("more.txt"), b"", "do not name the same files: “more.txt”"),
}  # fmt: skip


@pytest.mark.parametrize(("info", "data", "said"), ODD_MEMBERS.values(), ids=ODD_MEMBERS)
def test_a_zip_with_an_odd_member_is_not_unpacked(contents, info, data, said, monkeypatch):
    packed = pack(contents)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(info, data)
    if info.filename != "more.txt":
        monkeypatch.setattr(ZipReader, "chunks", lambda *_: pytest.fail("it was unpacked"))
    assert said in refuse(packed)


def test_a_zip_whose_bytes_lie(contents, monkeypatch):
    assert "not a ZIP file" in refuse(io.BytesIO(b"no ZIP"))
    whole = pack(contents).getvalue()
    assert "not a ZIP file" in refuse(io.BytesIO(whole[:-30]))
    directory = whole.index(b"PK\x01\x02")

    def with_bytes(offset: int, data: bytes) -> io.BytesIO:
        return io.BytesIO(
            whole[: directory + offset] + data + whole[directory + offset + len(data) :]
        )

    # The flag of encryption, another size than comes out, a size that needs ZIP64, another place.
    assert "has a password" in refuse(with_bytes(8, b"\1\0"))
    assert "not a ZIP file" in refuse(with_bytes(24, struct.pack("<L", 50)))
    assert "not as large as its list says" in refuse(with_bytes(24, struct.pack("<L", 90_000)))
    assert refuse(with_bytes(24, b"\xff" * 4))
    assert "not a ZIP file" in refuse(with_bytes(42, struct.pack("<L", len(whole))))
    monkeypatch.setattr(reading, "MAX_MEMBERS", 3)
    assert "more than 3 files" in refuse(io.BytesIO(whole))


def test_what_is_over_a_limit(contents, monkeypatch):
    contents["files/" + "0" * 64] = b"a" * 100
    assert "take more than the 0 MB" in refuse(pack(contents), quota=99)
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 99)
    assert "larger than 25 MB" in refuse(pack(contents))
    del contents["files/" + "0" * 64]
    for name, said in (
        ("MAX_ROWS", "more records than one person has"),
        ("MAX_PIECES", "more pieces of evidence"),
        ("MAX_RECORD_BYTES", "too large"),
        ("MAX_VALUES", "holds more than one person has"),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(reading, name, 0)
            assert said in refuse(pack(contents))


def test_more_portfolios_or_pieces_in_one_than_there_can_be(cast, session, now, monkeypatch):
    piece = add_evidence(session, cast, cast.alice, now)
    alice = cast.actor(session, cast.alice)
    mine = portfolio.lock_portfolio(session, cast.alice, by=alice, now=now)
    portfolio.add_item(session, mine, piece, now=now)
    contents = export(session, cast.alice, now)
    for name, said in (("MAX_PORTFOLIOS", "more portfolios"), ("MAX_ITEMS", "more pieces than")):
        with monkeypatch.context() as changed:
            changed.setattr(reading, name, 0)
            assert said in refuse(pack(contents))


def test_rows_of_others_stay_theirs(contents, cast, session, now):
    """The ids of the archive are those of rows that are there: they are only labels."""
    user, _plan = bring_back(session, contents, now)
    pieces = session.execute(sa.select(Evidence.id, Evidence.user_id, Evidence.state)).all()
    assert len({each.id for each in pieces}) == 2
    assert {each.user_id for each in pieces} == {cast.alice, user.id}
    versions = session.scalars(sa.select(EvidenceVersion.id)).all()
    assert len({*versions}) == 2


def test_a_digest_alone_opens_no_file_of_somebody_else(contents, session, now):
    contents[FILE] = [
        {"version_id": contents[VERSION][0]["id"], "sha256": "a" * 64, "position": 0,
         "name": "secret.txt", "size": 5, "media_type": "text/html"}
    ]  # fmt: skip
    _user, plan = bring_back(session, contents, now)
    assert [row["name"] for row in plan.left_out["evidence_file"]] == ["secret.txt"]
    assert session.scalars(sa.select(EvidenceFile)).all() == []


def test_it_makes_nobody_an_administrator_and_keeps_who_one_is(contents, cast, session, now):
    contents[ACCOUNT] |= {"name": "Erin", "email": "erin@example.org", "shares_plans": True}
    user, _plan = bring_back(session, contents, now)
    assert (user.name, user.email, user.is_admin) == ("Alice", "alice@new.example", False)
    # What others see is decided here.
    assert user.shares_plans is False
    contents[ACCOUNT]["is_admin"] = True
    assert "is_admin: Extra inputs" in refuse(pack(contents))


def test_an_account_with_records_is_refused(contents, cast, session, now):
    archive = read_archive(pack(contents), quota=QUOTA)
    with pytest.raises(HasRecords):
        restore(session, cast.alice, archive, by=None, now=now)


@pytest.mark.parametrize("instance", ["", "  "])
def test_what_names_no_origin_is_marked_as_imported_all_the_same(contents, session, now, instance):
    moment = now.isoformat()
    piece = contents[EVIDENCE][0]["id"]
    contents["records/evidence_comment.json"] = [{
        "id": str(uuid.uuid4()), "evidence_id": piece, "version_number": 1, "author_id": None,
        "author_name": "Bob Keller", "text": "Verified.", "imported_from": " ",
        "created_at": moment,
    }]  # fmt: skip
    contents["records/endorsement.json"] = [{
        "id": str(uuid.uuid4()), "milestone_key": "point-in-time-sql", "title": "t",
        "done_when": "d", "asked": "Bob Keller", "message": "", "created_at": moment,
        "expires_at": moment, "answered_at": moment, "answer": "seen", "witness": "Bob Keller",
        "affiliation": "", "statement": "", "imported_from": "",
    }]  # fmt: skip
    contents[MANIFEST]["instance"] = instance
    bring_back(session, contents, now)
    assert session.scalars(sa.select(Comment.imported_from)).all() == ["an unknown place"]
    said = session.scalars(sa.select(Endorsement)).one()
    assert said.named_witness == "Bob Keller, imported from an unknown place,"


def test_a_time_zone_that_is_not_known_here_stays_away(contents, session, now, browser_of):
    contents[ACCOUNT]["timezone"] = "Mars/Olympus"
    user, _plan = bring_back(session, contents, now)
    assert user.timezone == "UTC"
    assert browser_of(user.id).get("/").status_code == 200


def test_faults_take_no_more_memory_than_the_file(contents, monkeypatch):
    contents[STATUS] = b"[" + b"0," * 100_000 + b"0]"
    assert "row 1" in refuse(pack(contents))
    contents[STATUS] = json.dumps([{f"k{each}": 0 for each in range(20_000)}]).encode()
    assert "hardly anything in it is right" in refuse(pack(contents))
