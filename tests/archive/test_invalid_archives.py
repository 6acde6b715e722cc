"""Archives are untrusted: errors are reported, and an invalid archive stores nothing."""

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
from tests.archive.packing import QUOTA, export, import_archive, pack
from tests.evidence.builders import add_evidence

EVIDENCE, VERSION = "records/evidence.json", "records/evidence_version.json"
STATUS, FILE = "records/milestone_status.json", "records/evidence_file.json"
HISTORY = "records/history_entry.json"


@pytest.fixture
def contents(cast, session, now):
    add_evidence(session, cast, cast.alice, now, url="https://example.org/a")
    return export(session, cast.alice, now)


def read_error(packed: io.BytesIO, quota: int = QUOTA) -> str:
    with pytest.raises(ArchiveRefused) as refused:
        read_archive(packed, quota=quota)
    return str(refused.value)


Change = Callable[[dict[str, Any]], None]


def set_field(path: str, name: str, value: Any) -> Change:
    return lambda contents: contents[path][0].__setitem__(name, value)


def duplicate_record(path: str, **other: Any) -> Change:
    return lambda contents: contents[path].append({**contents[path][0], **other})


NEW_ID = str(uuid.UUID(int=1))
CHANGES: dict[str, tuple[Change, str]] = {
    "same id": (duplicate_record(EVIDENCE), "“evidence” has the same record twice (id)"),
    "same key": (
        duplicate_record(VERSION, id=NEW_ID),
        "has the same record twice (evidence_id, number)",
    ),
    "foreign id": (
        set_field(VERSION, "evidence_id", NEW_ID),
        f"refers to {NEW_ID}, which is not in",
    ),
    "no version": (
        lambda c: (c[VERSION].clear(), c[EVIDENCE][0].update(current_id=None)),
        "has no version",
    ),
    "no id": (set_field(EVIDENCE, "id", "1 OR 1=1"), "evidence.json” cannot be read: row 1, id"),
    "missing": (lambda contents: contents[EVIDENCE][0].pop("title"), "title: Field required"),
    "column": (set_field(EVIDENCE, "user_id", NEW_ID), "user_id: Extra inputs"),
    "table": (
        lambda c: c.update({"records/user.json": []}),
        "does not recognize “records/user.json”",
    ),
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
    "stray file": (lambda c: c.update({"files/" + "0" * 64: b"a"}), "does not match the manifest"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_invalid_record_is_rejected_with_its_place(contents, change, message):
    change(contents)
    assert message in read_error(pack(contents))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "cannot be read"),
        ('[{"id": NaN}]', "cannot be read"),
        ('[{"id": ' + "9" * 100_000 + "}]", "cannot be read"),
        ('["\\ud800"]', "cannot be read"),
        ("\ufeff[]", "cannot be read"),
        ("{}", "cannot be read"),
    ],
)
def test_invalid_json_is_rejected(contents, text, message):
    contents[EVIDENCE] = text.encode()
    assert message in read_error(pack(contents))


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"format": "other"}, "is not a personal archive"),
        ({"version": 2}, "is version 2, but this release of Cairn can only read version 1"),
        ({"files": []}, "do not list the same files"),
        ({"made_at": "yesterday"}, "“manifest.json” cannot be read: made_at"),
        ({"instance": "a\0"}, "contains control characters"),
    ],
)
def test_invalid_manifest_is_rejected(contents, manifest, message):
    assert message in read_error(pack(contents, **manifest))


def test_wrong_digest_or_size_is_rejected(contents):
    for name, value in (("sha256", "0" * 64), ("size", 1)):
        packed = pack(contents)
        with zipfile.ZipFile(packed) as archive:
            files = json.loads(archive.read(MANIFEST))["files"]
        listed = next(each for each in files if each["path"] == EVIDENCE)
        listed[name] = value
        assert "evidence.json” does not match the manifest" in read_error(
            pack(contents, files=files)
        )


def zip_member(name: str, data: bytes = b"a", *, mode: int = 0, method: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr, info.compress_type = mode << 16, method
    return info


UNSAFE_MEMBERS: dict[str, tuple[zipfile.ZipInfo, bytes, str]] = {
    "traversal": (zip_member("files/../../etc/passwd"), b"", "a file with an invalid name"),
    "absolute": (zip_member("/etc/passwd"), b"", "a file with an invalid name"),
    "drive": (zip_member("C:/a"), b"", "a file with an invalid name"),
    "backslash": (zip_member("files\\..\\a"), b"", "a file with an invalid name"),
    "empty part": (zip_member("files//a"), b"", "a file with an invalid name"),
    "link": (
        zip_member("files/a", mode=stat.S_IFLNK | 0o777),
        b"/etc/passwd",
        "is a link or a device",
    ),
    "device": (zip_member("files/a", mode=stat.S_IFCHR), b"", "is a link or a device"),
    "duplicate": (zip_member("MANIFEST.json"), b"", "the same file twice"),
    "packed otherwise": (
        zip_member("a", method=zipfile.ZIP_LZMA),
        b"a",
        "a compression method that",
    ),
    "bomb": (
        zip_member("a", method=zipfile.ZIP_DEFLATED),
        bytes(9_000_000),
        "expands to a suspiciously large size",
    ),
    "not listed": (zip_member("more.txt"), b"", "do not list the same files: “more.txt”"),
}


@pytest.mark.parametrize(("info", "data", "message"), UNSAFE_MEMBERS.values(), ids=UNSAFE_MEMBERS)
def test_zip_with_an_unsafe_member_is_rejected_before_unpacking(
    contents, info, data, message, monkeypatch
):
    packed = pack(contents)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(info, data)
    if info.filename != "more.txt":
        monkeypatch.setattr(ZipReader, "chunks", lambda *_: pytest.fail("the ZIP is unpacked"))
    assert message in read_error(packed)


def test_zip_with_corrupt_headers_is_rejected(contents, monkeypatch):
    assert "not a ZIP file" in read_error(io.BytesIO(b"no ZIP"))
    whole = pack(contents).getvalue()
    assert "not a ZIP file" in read_error(io.BytesIO(whole[:-30]))
    directory = whole.index(b"PK\x01\x02")

    def with_bytes(offset: int, data: bytes) -> io.BytesIO:
        return io.BytesIO(
            whole[: directory + offset] + data + whole[directory + offset + len(data) :]
        )

    # The encryption flag, two wrong sizes, a size that needs ZIP64, a wrong offset.
    assert "is protected by a password" in read_error(with_bytes(8, b"\1\0"))
    assert "not a ZIP file" in read_error(with_bytes(24, struct.pack("<L", 50)))
    assert "does not match the ZIP's list of files" in read_error(
        with_bytes(24, struct.pack("<L", 90_000))
    )
    assert read_error(with_bytes(24, b"\xff" * 4))
    assert "not a ZIP file" in read_error(with_bytes(42, struct.pack("<L", len(whole))))
    monkeypatch.setattr(reading, "MAX_MEMBERS", 3)
    assert "more than 3 files" in read_error(io.BytesIO(whole))


def test_archive_over_a_limit_is_rejected(contents, monkeypatch):
    contents["files/" + "0" * 64] = b"a" * 100
    assert "exceed the limit of 0 MB" in read_error(pack(contents), quota=99)
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 99)
    assert "larger than 25 MB" in read_error(pack(contents))
    del contents["files/" + "0" * 64]
    for name, message in (
        ("MAX_ROWS", "more records than one person can have"),
        ("MAX_PIECES", "more pieces of evidence"),
        ("MAX_RECORD_BYTES", "too large"),
        ("MAX_VALUES", "has more records than one person can have"),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(reading, name, 0)
            assert message in read_error(pack(contents))


def test_too_many_portfolios_or_portfolio_items_are_rejected(cast, session, now, monkeypatch):
    piece = add_evidence(session, cast, cast.alice, now)
    alice = cast.actor(session, cast.alice)
    mine = portfolio.lock_portfolio(session, cast.alice, by=alice, now=now)
    portfolio.add_item(session, mine, piece, now=now)
    contents = export(session, cast.alice, now)
    for name, message in (("MAX_PORTFOLIOS", "more portfolios"), ("MAX_ITEMS", "more pieces than")):
        with monkeypatch.context() as changed:
            changed.setattr(reading, name, 0)
            assert message in read_error(pack(contents))


def test_import_creates_new_rows_for_ids_that_exist(contents, cast, session, now):
    """Ids of an archive only label its rows."""
    user, _plan = import_archive(session, contents, now)
    pieces = session.execute(sa.select(Evidence.id, Evidence.user_id, Evidence.state)).all()
    assert len({each.id for each in pieces}) == 2
    assert {each.user_id for each in pieces} == {cast.alice, user.id}
    versions = session.scalars(sa.select(EvidenceVersion.id)).all()
    assert len({*versions}) == 2


def test_file_record_without_its_file_is_not_imported(contents, session, now):
    contents[FILE] = [
        {"version_id": contents[VERSION][0]["id"], "sha256": "a" * 64, "position": 0,
         "name": "secret.txt", "size": 5, "media_type": "text/html"}
    ]  # fmt: skip
    _user, plan = import_archive(session, contents, now)
    assert [row["name"] for row in plan.left_out["evidence_file"]] == ["secret.txt"]
    assert session.scalars(sa.select(EvidenceFile)).all() == []


def test_import_keeps_name_email_role_and_sharing_of_the_account(contents, cast, session, now):
    contents[ACCOUNT] |= {"name": "Erin", "email": "erin@example.org", "shares_plans": True}
    user, _plan = import_archive(session, contents, now)
    assert (user.name, user.email, user.is_admin) == ("Alice", "alice@new.example", False)
    # Sharing is decided in this installation.
    assert user.shares_plans is False
    contents[ACCOUNT]["is_admin"] = True
    assert "is_admin: Extra inputs" in read_error(pack(contents))


def test_import_into_an_account_with_records_is_rejected(contents, cast, session, now):
    archive = read_archive(pack(contents), quota=QUOTA)
    with pytest.raises(HasRecords):
        restore(session, cast.alice, archive, by=None, now=now)


@pytest.mark.parametrize("instance", ["", "  "])
def test_records_without_an_origin_are_marked_as_imported(contents, session, now, instance):
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
    import_archive(session, contents, now)
    assert session.scalars(sa.select(Comment.imported_from)).all() == ["an unknown place"]
    endorsement = session.scalars(sa.select(Endorsement)).one()
    assert endorsement.witness_label == "Bob Keller, imported from an unknown place,"


def test_unknown_time_zone_is_not_imported(contents, session, now, browser_of):
    contents[ACCOUNT]["timezone"] = "Mars/Olympus"
    user, _plan = import_archive(session, contents, now)
    assert user.timezone == "UTC"
    assert browser_of(user.id).get("/").status_code == 200


def test_archives_of_only_invalid_records_are_rejected_early(contents, monkeypatch):
    contents[STATUS] = b"[" + b"0," * 100_000 + b"0]"
    assert "row 1" in read_error(pack(contents))
    contents[STATUS] = json.dumps([{f"k{each}": 0 for each in range(20_000)}]).encode()
    assert "almost nothing in it is valid" in read_error(pack(contents))
