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


def read_rows() -> Rows:
    """Return all rows that a backup contains, except for audit entries on backups."""
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
    """Provide the sample data in an application context, and restore its evidence file later."""
    with app.app_context():
        path = evidence_file_path(app)
        content = path.read_bytes()
        yield snapshot.cast
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def backup_file(sample_data: Cast, tmp_path: Path) -> Path:
    path = tmp_path / "cairn.zip"
    actions.create(path, now=NOW)
    return path


def test_restore_brings_back_the_rows_of_the_backup(sample_data: Cast, backup_file: Path) -> None:
    before = read_rows()
    assert sum(map(len, before.values())) > 200
    with db.own_transaction() as transaction:
        transaction.execute(sa.delete(Evidence))
        transaction.execute(sa.update(User).values(name="Somebody else"))
    assert read_rows() != before
    actions.restore(backup_file, safety_backup=None, now=NOW)
    assert read_rows() == before


def test_restore_into_an_empty_database(sample_data: Cast, backup_file: Path, app: Flask) -> None:
    from tests.support.databases import wipe

    before = read_rows()
    wipe(db.engine)
    actions.restore(backup_file, safety_backup=None, now=NOW)
    assert read_rows() == before


def test_new_rows_get_new_ids_after_a_restore(sample_data: Cast, backup_file: Path) -> None:
    actions.restore(backup_file, safety_backup=None, now=NOW)
    with db.own_transaction() as transaction:
        record_history(
            transaction,
            user_id=sample_data.alice,
            by=None,
            action="account.changed",
            subject="x",
            now=NOW,
        )
        record_audit(transaction, by=None, action="something.new", now=NOW)
        for model in (HistoryEntry, AuditEntry):
            numbers = transaction.scalars(sa.select(model.id).order_by(model.id)).all()
            assert len(set(numbers)) == len(numbers)


def test_restore_ends_all_sessions(
    sample_data: Cast, app: Flask, tmp_path: Path, browser_of
) -> None:
    alice = browser_of(sample_data.alice)
    assert alice.get("/account").status_code == 200
    actions.create(tmp_path / "a.zip", now=NOW)
    actions.restore(tmp_path / "a.zip", safety_backup=None, now=NOW)
    assert alice.get("/account").status_code == 303


def test_restore_backs_up_the_replaced_rows(
    sample_data: Cast, backup_file: Path, tmp_path: Path
) -> None:
    with db.own_transaction() as transaction:
        transaction.execute(
            sa.update(User).where(User.id == sample_data.alice).values(name="Alice Later")
        )
    later = read_rows()
    kept = tmp_path / "before.zip"
    actions.restore(backup_file, safety_backup=kept, now=NOW)
    assert read_rows() != later
    actions.restore(kept, safety_backup=None, now=NOW)
    assert read_rows() == later


def test_backup_and_restore_are_audited_with_their_times(sample_data: Cast, tmp_path: Path) -> None:
    later = NOW + dt.timedelta(days=3)
    actions.create(tmp_path / "a.zip", now=NOW)
    actions.restore(tmp_path / "a.zip", safety_backup=None, now=later)
    actions.create(tmp_path / "b.zip", now=later + dt.timedelta(days=1))
    entries = sa.select(AuditEntry.action, AuditEntry.at).where(
        AuditEntry.action.startswith("backup.")
    )
    assert db.session.execute(entries.order_by(AuditEntry.at)).all() == [
        ("backup.created", NOW),
        ("backup.restored", later),
        ("backup.created", later + dt.timedelta(days=1)),
    ]


def test_create_reports_a_missing_folder(sample_data: Cast, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refused:
        actions.create(tmp_path / "missing" / "a.zip", now=NOW)
    assert refused.value.filename == str(tmp_path / "missing")


@pytest.mark.sqlite
def test_backup_is_complete_even_if_the_database_takes_no_more_writes(
    sample_data: Cast, app: Flask, tmp_path: Path
) -> None:
    """The trigger stands for a full disk."""
    path = tmp_path / "last.zip"
    refuse = (
        "CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(FAIL, 'full'); END"
    )
    with db.engine.begin() as connection:
        connection.execute(sa.text(refuse))
    try:
        made = run(app, "create", str(path))
    finally:
        with db.engine.begin() as connection:
            connection.execute(sa.text("DROP TRIGGER full"))
    assert made.exit_code == 0
    assert "The backup is complete, but not in the audit log: full" in made.stderr
    assert "can be restored" in run(app, "verify", str(path)).stdout


def test_backup_file_is_private_and_leaves_no_other_file(backup_file: Path) -> None:
    assert backup_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backup_file.parent.iterdir()] == [backup_file.name]


def test_backup_has_no_transient_tables(backup_file: Path) -> None:
    with zipfile.ZipFile(backup_file) as packed:
        names = packed.namelist()
    for name in restore.TRANSIENT_TABLES:
        assert f"tables/{name}.jsonl" not in names
    assert Base.metadata.tables.keys() > restore.TRANSIENT_TABLES


def test_backup_is_consistent_during_concurrent_writes(
    sample_data: Cast, tmp_path: Path, app: Flask
) -> None:
    """A thread writes the same number to two tables; both are equal in each backup."""
    ends = threading.Event()
    wrote: list[int] = []

    def write() -> None:
        with app.app_context():
            number = 0
            while not ends.is_set():
                number += 1
                with db.own_transaction() as transaction:
                    transaction.execute(
                        sa.update(User)
                        .where(User.id == sample_data.alice)
                        .values(headline=str(number))
                    )
                    transaction.execute(
                        sa.update(Evidence)
                        .where(Evidence.user_id == sample_data.alice)
                        .values(title=str(number))
                    )
                wrote.append(number)

    writer = threading.Thread(target=write)
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
                headline = read_column(packed, manifest, "user", "headline", sample_data.alice)
                titles = read_column(
                    packed, manifest, "evidence", "title", sample_data.alice, "user_id"
                )
            assert set(titles) == set(headline), "the backup mixes two states"
            assert int(headline[0]) >= begun
    finally:
        ends.set()
        writer.join()


def read_column(
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


def rewrite_zip(path: Path, change: Any) -> None:
    """Pass each file of a ZIP through `change(name, bytes) -> bytes | None`."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            if (new := change(name, text)) is not None:
                packed.writestr(name, new)


def change_manifest(**values: Any) -> Any:
    def change(name: str, text: bytes) -> bytes:
        if name != archive.MANIFEST_NAME:
            return text
        return json.dumps({**json.loads(text), **values}).encode()

    return change


DAMAGES: dict[str, Any] = {
    "changed row": lambda name, text: (
        text.replace(b"Alice", b"Malice") if name == "tables/user.jsonl" else text
    ),
    "missing table": lambda name, text: None if name == "tables/user.jsonl" else text,
    "lost row": lambda name, text: (
        text.rpartition(b"\n[")[0] + b"\n" if name == "tables/evidence.jsonl" else text
    ),
    "no manifest": lambda name, text: None if name == archive.MANIFEST_NAME else text,
    "invalid manifest": lambda name, text: b"[]" if name == archive.MANIFEST_NAME else text,
    "unknown format": change_manifest(format=99),
    "newer schema": change_manifest(revision="9999999999"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_backup_is_rejected_and_changes_nothing(
    sample_data: Cast, backup_file: Path, damage: str
) -> None:
    rewrite_zip(backup_file, DAMAGES[damage])
    before = read_rows()
    for trust in (False, True):
        with pytest.raises((archive.InvalidBackup, SchemaMismatch)):
            actions.restore(backup_file, safety_backup=None, now=NOW, trust=trust)
    assert read_rows() == before


def test_truncated_backup_is_rejected(sample_data: Cast, backup_file: Path) -> None:
    before = read_rows()
    backup_file.write_bytes(backup_file.read_bytes()[:-2000])
    with pytest.raises(archive.InvalidBackup):
        actions.restore(backup_file, safety_backup=None, now=NOW)
    assert read_rows() == before


def test_backup_without_all_tables_is_rejected(sample_data: Cast, backup_file: Path) -> None:
    """The rows of a missing table would be lost."""
    before = read_rows()
    for lost in (["user"], ["notification"], list(before)):
        with zipfile.ZipFile(backup_file) as packed:
            tables = json.loads(packed.read(archive.MANIFEST_NAME))["tables"]
        kept = {name: each for name, each in tables.items() if name not in lost}
        copy = backup_file.with_name("lost.zip")
        copy.write_bytes(backup_file.read_bytes())
        rewrite_zip(copy, change_manifest(tables=kept))
        with pytest.raises(archive.InvalidBackup, match="missing"):
            actions.restore(copy, safety_backup=None, now=NOW, trust=True)
    assert read_rows() == before


def offsets_to_damage(path: Path) -> Iterator[int]:
    """Yield offsets in every part of a ZIP file: headers, names, data, directory, end."""
    with zipfile.ZipFile(path) as packed:
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
    size = path.stat().st_size
    yield from (size - back for back in (22, 12, 6, 2))


@pytest.mark.slow
def test_flipped_bits_are_detected(sample_data: Cast, backup_file: Path) -> None:
    before, whole = read_rows(), backup_file.read_bytes()
    whole_rows = actions.verify(backup_file).rows
    offsets = list(offsets_to_damage(backup_file))
    harmless = []
    for offset in offsets:
        damaged = bytearray(whole)
        damaged[offset] ^= 0x55
        damaged[min(offset + 7, len(whole) - 1)] ^= 0x2A
        backup_file.write_bytes(damaged)
        try:
            manifest = actions.verify(backup_file)
        except (archive.InvalidBackup, SchemaMismatch):
            continue
        # The bit does not affect rows, such as a date in the ZIP directory.
        assert manifest.rows == whole_rows
        harmless.append(offset)
    assert len(harmless) < len(offsets) / 3
    assert read_rows() == before


def test_damaged_zip_directory_is_reported(sample_data: Cast, backup_file: Path) -> None:
    damaged = bytearray(backup_file.read_bytes())
    damaged[damaged.rindex(b"PK\x01\x02") + 6] = 250  # the version that is needed to unpack it
    backup_file.write_bytes(damaged)
    with pytest.raises(archive.InvalidBackup, match="list of contents is damaged"):
        actions.verify(backup_file)


def test_concurrent_writes_are_in_the_kept_backup_or_the_database(
    sample_data: Cast, backup_file: Path, app: Flask
) -> None:
    """Each write acknowledged during the restore is in the kept backup, or in the database."""
    ends = threading.Event()
    acknowledged: set[str] = set()

    def write() -> None:
        number = 0
        while not ends.is_set():
            number += 1
            with app.app_context(), db.own_transaction() as transaction:
                record_audit(
                    transaction, by=None, action="something.kept", target=str(number), now=NOW
                )
            acknowledged.add(str(number))

    writer = threading.Thread(target=write)
    writer.start()
    kept = backup_file.with_name("kept.zip")
    try:
        while not acknowledged:
            pass
        actions.restore(backup_file, safety_backup=kept, now=NOW)
        done = len(acknowledged)
        while len(acknowledged) == done:
            pass
    finally:
        ends.set()
        writer.join()
    with zipfile.ZipFile(kept) as packed:
        manifest = archive.read_manifest(packed, None)
        in_file = set(
            read_column(packed, manifest, "audit_entry", "target", "something.kept", "action")
        )
    lines = sa.select(AuditEntry.target).where(AuditEntry.action == "something.kept")
    afterwards = set(db.session.scalars(lines))
    assert in_file
    assert afterwards
    assert in_file | afterwards == acknowledged


def test_rows_with_missing_references_are_rejected(sample_data: Cast, backup_file: Path) -> None:
    """All checksums are right, but the rows violate a foreign key in the scratch database."""
    with zipfile.ZipFile(backup_file) as packed:
        manifest = archive.read_manifest(packed, None)
        text = packed.read("tables/evidence.jsonl").replace(
            str(sample_data.alice).encode(), b"018f0000-0000-7000-8000-000000000000"
        )
    import hashlib

    manifest.tables["evidence"] = archive.TableEntry(
        manifest.tables["evidence"].rows, hashlib.sha256(text).hexdigest()
    )
    rewrite_zip(
        backup_file,
        lambda name, old: {
            "tables/evidence.jsonl": text,
            archive.MANIFEST_NAME: manifest.to_json().encode(),
        }.get(name, old),
    )
    before = read_rows()
    with pytest.raises(archive.InvalidBackup, match="missing"):
        actions.restore(backup_file, safety_backup=None, now=NOW, trust=True)
    assert read_rows() == before


@pytest.mark.parametrize("steps", [1, 3], ids=["last release", "first release"])
def test_backup_of_an_older_schema_is_migrated_and_restored(
    sample_data: Cast, backup_file: Path, app: Flask, tmp_path: Path, steps: int
) -> None:
    """Its tables and columns are old, and the migrations upgrade them."""
    old = tmp_path / "old.zip"
    with db.engine.connect() as connection:
        statuses = connection.execute(sa.select(STATUSES).order_by(*STATUSES.primary_key)).all()
    with (
        restore.restore_to_scratch(backup_file, trust=False) as (manifest, engine),
        zipfile.ZipFile(backup_file) as source,
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
                            native_value(value, column)
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
    # Backups of those releases are unsigned.
    actions.restore(old, safety_backup=None, now=NOW, trust=True)
    with db.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(User)) == 6
        found = connection.execute(sa.select(STATUSES).order_by(*STATUSES.primary_key)).all()
        # Including times and ids of renamed columns.
        assert found == statuses


def native_value(value: Any, column: sa.Column[Any]) -> Any:
    """Return a reflected value with the type that the models of that release gave it."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC)
    if value is not None and isinstance(column.type, sa.CHAR):
        return uuid.UUID(value)
    return value


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["backup", *arguments])


def test_commands_create_verify_and_restore(sample_data: Cast, app: Flask, tmp_path: Path) -> None:
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
    before = read_rows()
    with db.own_transaction() as transaction:
        transaction.execute(sa.delete(Evidence))
    refused = run(app, "restore", str(path))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--yes" in refused.stderr
    assert read_rows() != before
    restored = run(app, "restore", str(path), "--yes")
    assert restored.exit_code == 0
    # The temporary folder can be on another disk.
    assert all(line.startswith("This needs about ") for line in restored.stderr.splitlines())
    assert read_rows() == before
    kept = restored.stdout.rpartition(" ")[2].strip()
    assert zipfile.is_zipfile(kept)
    assert "The audit log was restored too" in restored.stdout
    assert "The data folder has no erased-people" in restored.stdout


@pytest.mark.parametrize("answer", [b"n\n", b"\x04"], ids=["no", "end of input"])
def test_declined_restore_changes_nothing(
    sample_data: Cast, app: Flask, tmp_path: Path, answer: bytes
) -> None:
    path = tmp_path / "nightly.zip"
    run(app, "create", str(path))
    before = read_rows()
    terminal, client_side = pty.openpty()
    os.write(terminal, answer)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "roadmap", "backup", "restore", str(path)],
        stdin=client_side, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
        env=os.environ | {
            f"ROADMAP_{name}": str(app.config[name])
            for name in ("SECRET_KEY", "DATABASE_URL", "DATA_DIR")
        },
    )  # fmt: skip
    os.close(terminal)
    os.close(client_side)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].endswith("Error: nothing was changed")
    assert read_rows() == before


UNSIGNED: dict[str, Any] = {
    "other installation": None,
    "unsigned": lambda name, text: None if name == archive.SIGNATURE_NAME else text,
    "changed": change_manifest(release="0.0.9"),
    "endless signature": lambda name, text: (
        text * 1_000_000 if name == archive.SIGNATURE_NAME else text
    ),
}


@pytest.mark.parametrize("fault", UNSIGNED)
def test_foreign_or_unsigned_backup_needs_trust(
    sample_data: Cast, app: Flask, backup_file: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if UNSIGNED[fault]:
        rewrite_zip(backup_file, UNSIGNED[fault])
    else:
        monkeypatch.setitem(app.config, "SECRET_KEY", "the key of another installation")
    before = read_rows()
    for arguments in (["verify"], ["restore", "--yes"]):
        refused = run(app, *arguments, str(backup_file))
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "is not signed with the secret key of this installation" in refused.stderr
        assert "--trust" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert read_rows() == before
    for arguments in (["verify", "--trust"], ["restore", "--yes", "--trust"]):
        taken = run(app, *arguments, str(backup_file))
        assert taken.exit_code == 0
    assert read_rows() == before


def test_rows_are_parsed_only_after_their_digest_is_checked(
    sample_data: Cast, backup_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replaced table is detected by its digest."""
    rewrite_zip(backup_file, lambda name, text: b"[" * 9 if name == "tables/user.jsonl" else text)
    monkeypatch.setattr(restore, "read_table", None)
    with pytest.raises(archive.InvalidBackup, match="user is not what was written"):
        actions.verify(backup_file)


def test_free_space_is_checked_before_unpacking(
    sample_data: Cast, app: Flask, backup_file: Path, tmp_path: Path
) -> None:
    """The ZIP directory claims a table of ten terabytes."""
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(backup_file) as small, zipfile.ZipFile(large, "w") as packed:
        for name in small.namelist():
            packed.writestr(name, small.read(name))
        packed.getinfo("tables/user.jsonl").file_size = 10**13
    before, files = read_rows(), set(tmp_path.iterdir())
    for arguments in (["verify"], ["restore", "--yes"]):
        refused = run(app, *arguments, str(large))
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert len(refused.stderr.splitlines()) == 1
        assert re.search(r"needs about [\d,]+ MB in .*, where [\d,]+ MB are free", refused.stderr)
        assert "TMPDIR" in refused.stderr
    assert read_rows() == before
    assert set(tmp_path.iterdir()) == files


def test_restore_reports_progress(
    sample_data: Cast, app: Flask, backup_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0)
    output = run(app, "restore", "--yes", str(backup_file)).stderr
    total = f"{actions.verify(backup_file).rows:,}"
    for step in ("Loaded and checked", "Replaced"):
        assert f"{step} {total} of {total} rows" in output


def test_requests_get_503_during_a_restore(
    sample_data: Cast, app: Flask, backup_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0)
    client, answered = app.test_client(), []

    def check_requests(line: str) -> None:
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

    actions.restore(backup_file, safety_backup=None, now=NOW, report=check_requests)
    assert answered
    assert client.get("/login").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_waiting_restore_is_announced_only_once_it_holds_the_lock(app: Flask) -> None:
    folder = app.config["DATA_DIR"]
    with announce_restore(folder):
        second = os.open(folder / LOCK_FILE, os.O_RDWR)  # as a restore does before it waits
    try:
        assert not is_restoring(folder)
        fcntl.flock(second, fcntl.LOCK_EX)
        assert is_restoring(folder)
    finally:
        os.close(second)
    assert not is_restoring(folder)


def test_lock_file_of_a_killed_restore_blocks_no_request(app: Flask) -> None:
    mark = app.config["DATA_DIR"] / LOCK_FILE
    mark.touch()
    try:
        assert app.test_client().get("/login").status_code == 200
    finally:
        mark.unlink()


def test_postgresql_lock_timeout_gets_503_without_naming_a_restore(app: Flask) -> None:
    """The lock may belong to a restore on another machine."""
    refused = sa.exc.OperationalError("SELECT", {}, psycopg.errors.LockNotAvailable("timeout"))
    with app.test_request_context("/login"):
        answer = handle_storage_error(refused)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    text = answer.get_data(as_text=True)
    assert "The database is locked by other work, such as a restore." in text
    # The lock may also belong to a migration or a long write.
    assert "under way" not in text


@pytest.mark.parametrize("command", ["verify", "restore"])
def test_invalid_and_missing_files_are_reported_in_one_line(
    sample_data: Cast, app: Flask, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a backup")
    for name, message in [
        (path, "not even a ZIP file"),
        (tmp_path / "missing.zip", "No such file"),
    ]:
        answer = run(app, command, str(name))
        assert (answer.exit_code, answer.stdout) == (1, "")
        [line] = answer.stderr.splitlines()
        assert message in line


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"[" * 100_000, "its manifest cannot be read"),
        (b'{"format": ' + b"9" * 5000 + b"}", "its manifest cannot be read"),
        (b'{"format": 1, "tables": {"user": {"rows": 1e999}}}', "its manifest cannot be read"),
    ],
)
def test_unreadable_manifest_is_reported(tmp_path: Path, manifest: bytes, message: str) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("manifest.json", manifest)
    with (
        zipfile.ZipFile(tmp_path / "other.zip") as packed,
        pytest.raises(archive.InvalidBackup, match=message),
    ):
        archive.read_manifest(packed, None)


def test_manifest_size_is_limited_while_unpacking(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("manifest.json", "w") as packed_file,
    ):
        for _ in range(200):
            packed_file.write(b" " * 1_000_000)
    tracemalloc.start()
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip") as packed,
        pytest.raises(archive.InvalidBackup, match="its manifest is too large"),
    ):
        archive.read_manifest(packed, None)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("line", [b"[" * 100_000, b"[" + b"9" * 5000 + b"]", b"1e999", b"\xff"])
def test_unreadable_row_is_reported(tmp_path: Path, line: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as packed:
        packed.writestr("tables/user.jsonl", line)
    with (
        zipfile.ZipFile(tmp_path / "rows.zip") as packed,
        pytest.raises(archive.InvalidBackup, match="the table user"),
    ):
        list(archive.read_table(packed, "user", archive.TableEntry(0, "")))


# The files of evidence


def evidence_file_path(app: Flask) -> Path:
    """Return the path of the only evidence file of the sample data."""
    sha256 = db.session.scalars(sa.select(EvidenceFile.sha256)).first() or ""
    db.session.rollback()
    return Path(app.config["DATA_DIR"], FOLDER, sha256[:2], sha256)


def test_evidence_files_are_backed_up_and_restored(
    sample_data: Cast, backup_file: Path, app: Flask
) -> None:
    path = evidence_file_path(app)
    content = path.read_bytes()
    path.unlink()
    assert actions.verify(backup_file).files == [path.name]
    assert not path.exists()
    actions.restore(backup_file, safety_backup=None, now=NOW)
    assert path.read_bytes() == content


def test_backup_succeeds_without_a_lost_evidence_file(
    sample_data: Cast, app: Flask, tmp_path: Path
) -> None:
    path = evidence_file_path(app)
    path.write_bytes(b"rotten")
    made = actions.create(tmp_path / "a.zip", now=NOW)
    path.unlink()
    assert made.missing_files == [path.name]
    lines: list[str] = []
    actions.restore(tmp_path / "a.zip", safety_backup=None, now=NOW, report=lines.append)
    assert f"The file {path.name} was missing already when the backup was made" in lines


@pytest.mark.parametrize("wrong", ["missing", "not what was written"])
def test_wrong_evidence_file_in_a_backup_is_detected_by_its_hash(
    wrong: str, sample_data: Cast, backup_file: Path, app: Flask, tmp_path: Path
) -> None:
    name = f"files/{evidence_file_path(app).name}"
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(backup_file) as before, zipfile.ZipFile(changed, "w") as after:
        for each in before.namelist():
            if each != name:
                after.writestr(each, before.read(each))
            elif wrong != "missing":
                after.writestr(each, b"another file")
    rows_before = read_rows()
    with pytest.raises(archive.InvalidBackup, match=wrong):
        actions.restore(changed, safety_backup=None, now=NOW)
    assert read_rows() == rows_before
