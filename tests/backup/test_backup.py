"""Back up while the server writes, and restore in one transaction, on the database under test.

Restored data is compared row by row. Damaged backups are rejected before anything changes.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
import tracemalloc
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap.backup import actions, archive, progress, restore
from roadmap.backup.restore import SchemaMismatch
from roadmap.core.config import ROOT
from roadmap.core.database import db
from roadmap.core.errors import handle_storage_error
from roadmap.core.file_store import FOLDER
from roadmap.core.maintenance import LOCK_FILE, announce_restore, is_restoring
from roadmap.core.migrations import alembic
from roadmap.core.types import Base
from roadmap.evidence.models import Evidence, EvidenceFile
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.models import AuditEntry, HistoryEntry, User
from roadmap.progress.models import MilestoneStatus
from tests.support.cast import Cast
from tests.support.snapshot import Snapshot

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
STATUSES: Any = MilestoneStatus.__table__
Rows = dict[str, list[tuple[Any, ...]]]


def rows() -> Rows:
    """Everything that a backup holds, as it is in the database; its own audit lines left out."""
    with db.engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
                if not (table.name == "audit_entry" and "backup." in str(row))
            ]
            for table in restore.backed_up_tables()
        }


@pytest.fixture
def sample_data(app: Flask, snapshot: Snapshot) -> Iterator[Cast]:
    """An application context with the sample data, whose file comes back after the test."""
    with app.app_context():
        path = stored_path(app)
        content = path.read_bytes()
        yield snapshot.cast
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def file(sample_data: Cast, tmp_path: Path) -> Path:
    path = tmp_path / "cairn.zip"
    actions.create(path, now=NOW)
    return path


def test_what_is_restored_equals_what_was_there(sample_data: Cast, file: Path) -> None:
    before = rows()
    assert sum(map(len, before.values())) > 200
    with db.own_transaction() as own:
        own.execute(sa.delete(Evidence))
        own.execute(sa.update(User).values(name="Somebody else"))
    assert rows() != before
    actions.restore(file, keep=None, now=NOW)
    assert rows() == before


def test_it_is_restored_into_an_empty_database(sample_data: Cast, file: Path, app: Flask) -> None:
    from tests.support.databases import wipe

    before = rows()
    wipe(db.engine)
    actions.restore(file, keep=None, now=NOW)
    assert rows() == before


def test_the_next_rows_get_numbers_of_their_own(sample_data: Cast, file: Path) -> None:
    actions.restore(file, keep=None, now=NOW)
    with db.own_transaction() as own:
        record_history(
            own, user_id=sample_data.alice, by=None, action="account.changed", subject="x", now=NOW
        )
        record_audit(own, by=None, action="something.new", now=NOW)
        for model in (HistoryEntry, AuditEntry):
            numbers = own.scalars(sa.select(model.id).order_by(model.id)).all()
            assert len(set(numbers)) == len(numbers)


def test_everybody_signs_in_anew(sample_data: Cast, app: Flask, tmp_path: Path, browser_of) -> None:
    alice = browser_of(sample_data.alice)
    assert alice.get("/account").status_code == 200
    actions.create(tmp_path / "a.zip", now=NOW)
    actions.restore(tmp_path / "a.zip", keep=None, now=NOW)
    assert alice.get("/account").status_code == 303


def test_what_was_there_before_is_kept(sample_data: Cast, file: Path, tmp_path: Path) -> None:
    with db.own_transaction() as own:
        own.execute(sa.update(User).where(User.id == sample_data.alice).values(name="Alice Later"))
    later = rows()
    kept = tmp_path / "before.zip"
    actions.restore(file, keep=kept, now=NOW)
    assert rows() != later
    actions.restore(kept, keep=None, now=NOW)
    assert rows() == later


def test_it_is_written_down(sample_data: Cast, file: Path) -> None:
    actions.restore(file, keep=None, now=NOW)
    actions.create(file, now=NOW)
    lines = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert {"backup.restored", "backup.created"} <= set(lines)


def test_after_a_restore_it_is_known_when_the_backup_was_made(
    sample_data: Cast, tmp_path: Path
) -> None:
    actions.create(tmp_path / "a.zip", now=NOW)
    actions.restore(tmp_path / "a.zip", keep=None, now=NOW + dt.timedelta(days=3))
    made = sa.select(AuditEntry.at).where(AuditEntry.action == "backup.created")
    assert db.session.scalars(made).all() == [NOW]


def test_a_folder_that_cannot_be_written_is_named(sample_data: Cast, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refused:
        actions.create(tmp_path / "missing" / "a.zip", now=NOW)
    assert refused.value.filename == str(tmp_path / "missing")


def test_only_its_owner_reads_the_file(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_it_holds_no_session_and_no_mail(file: Path) -> None:
    with zipfile.ZipFile(file) as packed:
        names = packed.namelist()
    for name in restore.TRANSIENT_TABLES:
        assert f"tables/{name}.jsonl" not in names
    assert Base.metadata.tables.keys() > restore.TRANSIENT_TABLES


def test_it_is_of_one_moment_while_others_write(
    sample_data: Cast, tmp_path: Path, app: Flask
) -> None:
    """A writer keeps moving one unit from one row to another; in each backup the sum is right."""
    ends = threading.Event()
    wrote: list[int] = []

    def move() -> None:
        with app.app_context():
            number = 0
            while not ends.is_set():
                number += 1
                with db.own_transaction() as own:
                    own.execute(
                        sa.update(User)
                        .where(User.id == sample_data.alice)
                        .values(headline=str(number))
                    )
                    own.execute(
                        sa.update(Evidence)
                        .where(Evidence.user_id == sample_data.alice)
                        .values(title=str(number))
                    )
                wrote.append(number)

    writer = threading.Thread(target=move)
    writer.start()
    try:
        while not wrote:
            pass
        for number in range(5):
            path = tmp_path / f"{number}.zip"
            begun = len(wrote)
            actions.create(path, now=NOW)
            with zipfile.ZipFile(path) as packed:
                manifest = archive.read_manifest(packed, None)
                headline = column(packed, manifest, "user", "headline", sample_data.alice)
                titles = column(packed, manifest, "evidence", "title", sample_data.alice, "user_id")
            assert set(titles) == set(headline), "two moments in one backup"
            assert int(headline[0]) >= begun
    finally:
        ends.set()
        writer.join()


def column(
    packed: zipfile.ZipFile,
    manifest: archive.Manifest,
    table: str,
    name: str,
    person: Any,
    owner: str = "id",
) -> list[Any]:
    lines = archive.read_table(packed, table, manifest.tables[table])
    names = next(lines)
    return [row[names.index(name)] for row in lines if row[names.index(owner)] == str(person)]


def rewritten(file: Path, change: Any) -> None:
    """The same archive with its files passed through `change(name, bytes) -> bytes | None`."""
    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            if (new := change(name, text)) is not None:
                packed.writestr(name, new)


def in_manifest(**values: Any) -> Any:
    def change(name: str, text: bytes) -> bytes:
        if name != archive.MANIFEST_NAME:
            return text
        return json.dumps({**json.loads(text), **values}).encode()

    return change


DAMAGES: dict[str, Any] = {
    "a changed row": lambda name, text: (
        text.replace(b"Alice", b"Malice") if name == "tables/user.jsonl" else text
    ),
    "a missing table": lambda name, text: None if name == "tables/user.jsonl" else text,
    "a lost row": lambda name, text: (
        text.rpartition(b"\n[")[0] + b"\n" if name == "tables/evidence.jsonl" else text
    ),
    "no manifest": lambda name, text: None if name == archive.MANIFEST_NAME else text,
    "a manifest that is none": lambda name, text: b"[]" if name == archive.MANIFEST_NAME else text,
    "another format": in_manifest(format=99),
    "a schema of the future": in_manifest(revision="9999999999"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_refused_and_changes_nothing(
    sample_data: Cast, file: Path, damage: str
) -> None:
    rewritten(file, DAMAGES[damage])
    before = rows()
    for trust in (False, True):
        with pytest.raises((archive.InvalidBackup, SchemaMismatch)):
            actions.restore(file, keep=None, now=NOW, trust=trust)
    assert rows() == before


def test_a_truncated_file_is_refused(sample_data: Cast, file: Path) -> None:
    before = rows()
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(archive.InvalidBackup):
        actions.restore(file, keep=None, now=NOW)
    assert rows() == before


def test_a_backup_that_names_no_table_is_refused(sample_data: Cast, file: Path) -> None:
    """Every table that its schema has must be there: what is missing would be lost."""
    before = rows()
    for lost in (["user"], ["notification"], list(before)):
        with zipfile.ZipFile(file) as packed:
            tables = json.loads(packed.read(archive.MANIFEST_NAME))["tables"]
        kept = {name: each for name, each in tables.items() if name not in lost}
        copy = file.with_name("lost.zip")
        copy.write_bytes(file.read_bytes())
        rewritten(copy, in_manifest(tables=kept))
        with pytest.raises(archive.InvalidBackup, match="missing"):
            actions.restore(copy, keep=None, now=NOW, trust=True)
    assert rows() == before


def places_to_damage(file: Path) -> Iterator[int]:
    """Offsets in every part of a ZIP file: headers, names, packed data, list of contents, end."""
    with zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
        contents = packed.start_dir
    largest = max(parts, key=lambda part: part.compress_size)
    for part in (largest, packed.getinfo(archive.MANIFEST_NAME)):
        data = part.header_offset + 30 + len(part.filename)
        yield from (data + 24, data + part.compress_size // 2, data + part.compress_size - 8)
    # Signature, flags, length of the name, name.
    yield from (largest.header_offset + field for field in (0, 6, 26, 30))
    # Signature, flags, method, checksum, both sizes, length of the name, offset, name.
    yield from (contents + field for field in (0, 8, 10, 16, 20, 24, 28, 42, 46))
    # Signature, number of parts, offset of the list, length of the remark.
    size = file.stat().st_size
    yield from (size - back for back in (22, 12, 6, 2))


@pytest.mark.slow
def test_flipped_bits_are_found(sample_data: Cast, file: Path) -> None:
    """Anywhere in the file: in what is packed, in its names, in its list of contents."""
    before, whole = rows(), file.read_bytes()
    whole_rows = actions.verify(file).rows
    places = list(places_to_damage(file))
    harmless = []
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        damaged[min(place + 7, len(whole) - 1)] ^= 0x2A
        file.write_bytes(damaged)
        try:
            manifest = actions.verify(file)
        except (archive.InvalidBackup, SchemaMismatch):
            continue
        # A bit that says nothing about the rows, such as a date in the list of contents.
        assert manifest.rows == whole_rows
        harmless.append(place)
    assert len(harmless) < len(places) / 3
    assert rows() == before


def test_a_list_of_contents_that_cannot_be_read_is_told(sample_data: Cast, file: Path) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[damaged.rindex(b"PK\x01\x02") + 6] = 250  # the version that is needed to unpack it
    file.write_bytes(damaged)
    with pytest.raises(archive.InvalidBackup, match="list of contents is damaged"):
        actions.verify(file)


def test_what_is_kept_is_what_was_replaced(sample_data: Cast, file: Path, app: Flask) -> None:
    """Each line that was acknowledged meanwhile is in the file that is kept, or came afterwards."""
    ends = threading.Event()
    acknowledged: set[str] = set()

    def write() -> None:
        number = 0
        while not ends.is_set():
            number += 1
            with app.app_context(), db.own_transaction() as own:
                record_audit(own, by=None, action="something.kept", target=str(number), now=NOW)
            acknowledged.add(str(number))

    writer = threading.Thread(target=write)
    writer.start()
    kept = file.with_name("kept.zip")
    try:
        while not acknowledged:
            pass
        actions.restore(file, keep=kept, now=NOW)
        done = len(acknowledged)
        while len(acknowledged) == done:
            pass
    finally:
        ends.set()
        writer.join()
    with zipfile.ZipFile(kept) as packed:
        manifest = archive.read_manifest(packed, None)
        in_file = set(column(packed, manifest, "audit_entry", "target", "something.kept", "action"))
    lines = sa.select(AuditEntry.target).where(AuditEntry.action == "something.kept")
    afterwards = set(db.session.scalars(lines))
    assert in_file
    assert afterwards
    assert in_file | afterwards == acknowledged


def test_rows_that_refer_to_nothing_are_refused(sample_data: Cast, file: Path) -> None:
    """Every checksum right, and yet not a database: found in the one that is thrown away."""
    with zipfile.ZipFile(file) as packed:
        manifest = archive.read_manifest(packed, None)
        text = packed.read("tables/evidence.jsonl").replace(
            str(sample_data.alice).encode(), b"018f0000-0000-7000-8000-000000000000"
        )
    import hashlib

    manifest.tables["evidence"] = archive.TableEntry(
        manifest.tables["evidence"].rows, hashlib.sha256(text).hexdigest()
    )
    rewritten(
        file,
        lambda name, old: {
            "tables/evidence.jsonl": text,
            archive.MANIFEST_NAME: manifest.to_json().encode(),
        }.get(name, old),
    )
    before = rows()
    with pytest.raises(archive.InvalidBackup, match="missing"):
        actions.restore(file, keep=None, now=NOW, trust=True)
    assert rows() == before


@pytest.mark.parametrize("steps", [1, 3], ids=["the last release", "the first one"])
def test_a_backup_of_an_older_schema_is_restored_by_this_release(
    sample_data: Cast, file: Path, app: Flask, tmp_path: Path, steps: int
) -> None:
    """Its tables and columns are those of then; the migrations bring it up to date."""
    old = tmp_path / "old.zip"
    with db.engine.connect() as connection:
        statuses = connection.execute(sa.select(STATUSES).order_by(*STATUSES.primary_key)).all()
    with (
        restore.restore_to_scratch(file, trust=False) as (manifest, engine),
        zipfile.ZipFile(file) as source,
        zipfile.ZipFile(old, "w") as made,
    ):
        with restore.create_scratch_app(Path(str(engine.url.database))).app_context():
            alembic.downgrade(f"-{steps}")
            [revision] = [script.revision for script in alembic.current()]
            db.engine.dispose()
        then = sa.MetaData()
        with engine.connect() as connection:
            then.reflect(connection)
            kept = {
                table.name: archive.write_table(
                    made,
                    table.name,
                    [column.name for column in table.columns],
                    [
                        [
                            as_released(value, column)
                            for value, column in zip(row, table.columns, strict=True)
                        ]
                        for row in connection.execute(sa.select(table))
                    ],
                )
                for table in then.tables.values()
                if table.name not in {*restore.TRANSIENT_TABLES, "alembic_version"}
            }
        made.writestr(
            archive.MANIFEST_NAME,
            archive.Manifest("0.1.0", revision, NOW, "sqlite", kept, manifest.files).to_json(),
        )
        for name in source.namelist():
            if not name.startswith("tables/") and name != archive.MANIFEST_NAME:
                made.writestr(name, source.read(name))
    # Those releases did not sign what they made.
    actions.restore(old, keep=None, now=NOW, trust=True)
    with db.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(User)) == 6
        found = connection.execute(sa.select(STATUSES).order_by(*STATUSES.primary_key)).all()
        # Moments and ids of columns that have another name today, too.
        assert found == statuses


def as_released(value: Any, column: sa.Column[Any]) -> Any:
    """A reflected value as the release wrote it, whose models knew its type."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC)
    if value is not None and isinstance(column.type, sa.CHAR):
        return uuid.UUID(value)
    return value


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["backup", *arguments])


def test_the_commands(sample_data: Cast, app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "nightly.zip"
    made = run(app, "create", str(path))
    assert (made.exit_code, made.stderr) == (0, "")
    assert "6 people" in made.stdout
    before = path.read_bytes()
    again = run(app, "create", str(path))
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert path.read_bytes() == before
    assert len(again.stderr.splitlines()) == 1
    assert "can be restored" in run(app, "verify", str(path)).stdout
    before = rows()
    with db.own_transaction() as own:
        own.execute(sa.delete(Evidence))
    foreign = tmp_path / "foreign.zip"
    foreign.write_bytes(b"no backup")
    # What is wrong with the file is said before anything is asked.
    assert "No such file" in run(app, "restore", str(tmp_path / "missing.zip")).stderr
    assert "not even a ZIP file" in run(app, "restore", str(foreign)).stderr
    refused = run(app, "restore", str(path))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--yes" in refused.stderr
    assert rows() != before
    back = run(app, "restore", str(path), "--yes")
    assert back.exit_code == 0
    # A folder of its own may lie on a disk of its own.
    assert all(line.startswith("This needs about ") for line in back.stderr.splitlines())
    assert rows() == before
    kept = back.stdout.rpartition(" ")[2].strip()
    assert zipfile.is_zipfile(kept)
    assert "The audit log was restored too" in back.stdout


@pytest.mark.parametrize("answer", [b"n\n", b"\x04"], ids=["no", "end of input"])
def test_a_restore_that_is_declined_changes_nothing_and_says_so(
    sample_data: Cast, app: Flask, tmp_path: Path, answer: bytes
) -> None:
    path = tmp_path / "nightly.zip"
    run(app, "create", str(path))
    before = rows()
    terminal, theirs = pty.openpty()
    os.write(terminal, answer)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "roadmap", "backup", "restore", str(path)],
        stdin=theirs, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
        env=os.environ | {
            f"ROADMAP_{name}": str(app.config[name])
            for name in ("SECRET_KEY", "DATABASE_URL", "DATA_DIR")
        },
    )  # fmt: skip
    os.close(terminal)
    os.close(theirs)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].endswith("Error: nothing was changed")
    assert rows() == before


UNSIGNED: dict[str, Any] = {
    "made elsewhere": None,
    "unsigned": lambda name, text: None if name == archive.SIGNATURE_NAME else text,
    "changed": in_manifest(release="0.0.9"),
    "a signature without an end": lambda name, text: (
        text * 1_000_000 if name == archive.SIGNATURE_NAME else text
    ),
}


@pytest.mark.parametrize("fault", UNSIGNED)
def test_a_backup_that_this_installation_did_not_sign_needs_trust(
    sample_data: Cast, app: Flask, file: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if UNSIGNED[fault]:
        rewritten(file, UNSIGNED[fault])
    else:
        monkeypatch.setitem(app.config, "SECRET_KEY", "the key of another installation")
    before = rows()
    for arguments in (["verify"], ["restore", "--yes"]):
        refused = run(app, *arguments, str(file))
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "is not signed with the secret key of this installation" in refused.stderr
        assert "--trust" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert rows() == before
    for arguments in (["verify", "--trust"], ["restore", "--yes", "--trust"]):
        taken = run(app, *arguments, str(file))
        assert taken.exit_code == 0
    assert rows() == before


def test_a_row_that_nobody_signed_is_never_parsed(
    sample_data: Cast, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that was replaced is found by its digest, before a row of any table is read."""
    rewritten(file, lambda name, text: b"[" * 9 if name == "tables/user.jsonl" else text)
    monkeypatch.setattr(restore, "read_table", None)
    with pytest.raises(archive.InvalidBackup, match="user is not what was written"):
        actions.verify(file)


def test_room_is_checked_before_anything_is_written(
    sample_data: Cast, app: Flask, file: Path, tmp_path: Path
) -> None:
    """A table of ten terabytes, says the list of contents, which bounds what is read of it."""
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(file) as small, zipfile.ZipFile(large, "w") as packed:
        for name in small.namelist():
            packed.writestr(name, small.read(name))
        packed.getinfo("tables/user.jsonl").file_size = 10**13
    before, files = rows(), set(tmp_path.iterdir())
    for arguments in (["verify"], ["restore", "--yes"]):
        refused = run(app, *arguments, str(large))
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert len(refused.stderr.splitlines()) == 1
        assert re.search(r"needs about [\d,]+ MB in .*, where [\d,]+ MB are free", refused.stderr)
        assert "TMPDIR" in refused.stderr
    assert rows() == before
    assert set(tmp_path.iterdir()) == files


def test_it_says_how_far_it_is(
    sample_data: Cast, app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0)
    said = run(app, "restore", "--yes", str(file)).stderr
    total = f"{actions.verify(file).rows:,}"
    for step in ("Loaded and checked", "Replaced"):
        assert f"{step} {total} of {total} rows" in said


def test_requests_are_told_that_a_restore_is_under_way(
    sample_data: Cast, app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0)
    client, answered = app.test_client(), []

    def ask(line: str) -> None:
        began = time.monotonic()
        if line.startswith("Loaded"):
            assert client.get("/login").status_code == 200
        if not line.startswith("Replaced") or answered:
            return
        for method, path in (("GET", "/login"), ("POST", "/login"), ("GET", "/api/v1/me")):
            answer = client.open(path, method=method)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "30"
            assert "A restore is under way" in answer.text
        with client.get("/static/favicon.svg") as icon:
            assert icon.status_code == 200
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "a restore is under way\n")
        assert time.monotonic() - began < 3
        answered.append(line)

    actions.restore(file, keep=None, now=NOW, report=ask)
    assert answered
    assert client.get("/login").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_a_second_restore_that_waits_is_announced_when_its_turn_comes(app: Flask) -> None:
    folder = app.config["DATA_DIR"]
    with announce_restore(folder):
        second = os.open(folder / LOCK_FILE, os.O_RDWR)  # as it does before it waits
    try:
        assert not is_restoring(folder)
        fcntl.flock(second, fcntl.LOCK_EX)
        assert is_restoring(folder)
    finally:
        os.close(second)
    assert not is_restoring(folder)


def test_a_restore_that_was_killed_holds_nobody_up(app: Flask) -> None:
    mark = app.config["DATA_DIR"] / LOCK_FILE
    mark.touch()
    try:
        assert app.test_client().get("/login").status_code == 200
    finally:
        mark.unlink()


def test_a_server_of_another_folder_says_so_once_it_waited(app: Flask) -> None:
    """PostgreSQL ends the wait for a table that a restore on another machine holds."""
    refused = sa.exc.OperationalError("SELECT", {}, psycopg.errors.LockNotAvailable("timeout"))
    with app.test_request_context("/login"):
        answer = handle_storage_error(refused)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    text = answer.get_data(as_text=True)
    assert "Other work, such as a restore, holds the database." in text
    # It may be a migration, or somebody else's long write.
    assert "under way" not in text


@pytest.mark.parametrize("command", ["verify", "restore"])
def test_a_file_that_is_none(sample_data: Cast, app: Flask, tmp_path: Path, command: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a backup")
    for name in (path, tmp_path / "missing.zip"):
        answer = run(app, command, str(name))
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"[" * 100_000, "its manifest cannot be read"),
        (b'{"format": ' + b"9" * 5000 + b"}", "its manifest cannot be read"),
        (b'{"format": 1, "tables": {"user": {"rows": 1e999}}}', "its manifest cannot be read"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, manifest: bytes, said: str) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("manifest.json", manifest)
    with (
        zipfile.ZipFile(tmp_path / "other.zip") as packed,
        pytest.raises(archive.InvalidBackup, match=said),
    ):
        archive.read_manifest(packed, None)


def test_a_manifest_is_bounded_before_it_is_read(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("manifest.json", "w") as file,
    ):
        for _ in range(200):
            file.write(b" " * 1_000_000)
    tracemalloc.start()
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip") as packed,
        pytest.raises(archive.InvalidBackup, match="its manifest is too large"),
    ):
        archive.read_manifest(packed, None)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("line", [b"[" * 100_000, b"[" + b"9" * 5000 + b"]", b"1e999", b"\xff"])
def test_a_row_that_cannot_be_read_is_told(tmp_path: Path, line: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as packed:
        packed.writestr("tables/user.jsonl", line)
    with (
        zipfile.ZipFile(tmp_path / "rows.zip") as packed,
        pytest.raises(archive.InvalidBackup, match="the table user"),
    ):
        list(archive.read_table(packed, "user", archive.TableEntry(0, "")))


# The files of evidence


def stored_path(app: Flask) -> Path:
    """Where the one file of the sample data lies."""
    sha256 = db.session.scalars(sa.select(EvidenceFile.sha256)).first() or ""
    db.session.rollback()
    return Path(app.config["DATA_DIR"], FOLDER, sha256[:2], sha256)


def test_files_are_in_it_and_come_back(sample_data: Cast, file: Path, app: Flask) -> None:
    path = stored_path(app)
    content = path.read_bytes()
    path.unlink()
    assert actions.verify(file).files == [path.name]
    assert not path.exists()
    actions.restore(file, keep=None, now=NOW)
    assert path.read_bytes() == content


def test_a_file_that_was_lost_does_not_spoil_the_backup(
    sample_data: Cast, app: Flask, tmp_path: Path
) -> None:
    path = stored_path(app)
    path.write_bytes(b"rotten")
    made = actions.create(tmp_path / "a.zip", now=NOW)
    path.unlink()
    assert made.missing_files == [path.name]
    said: list[str] = []
    actions.restore(tmp_path / "a.zip", keep=None, now=NOW, report=said.append)
    assert f"The file {path.name} was missing already when the backup was made" in said


@pytest.mark.parametrize("wrong", ["missing", "not what was written"])
def test_a_wrong_file_in_a_backup_is_found_by_its_hash(
    wrong: str, sample_data: Cast, file: Path, app: Flask, tmp_path: Path
) -> None:
    name = f"files/{stored_path(app).name}"
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(changed, "w") as after:
        for each in before.namelist():
            if each != name:
                after.writestr(each, before.read(each))
            elif wrong != "missing":
                after.writestr(each, b"another file")
    rows_before = rows()
    with pytest.raises(archive.InvalidBackup, match=wrong):
        actions.restore(changed, keep=None, now=NOW)
    assert rows() == rows_before
