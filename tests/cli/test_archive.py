"""`flask export …` and `flask import …`."""

from __future__ import annotations

import json
import stat

import sqlalchemy as sa

from roadmap.evidence.models import Evidence
from roadmap.people.models import AuditEntry, User
from tests.archive.packing import export, pack
from tests.evidence.builders import add_evidence


def test_exported_archive_is_imported_into_another_account(run, cast, session, now, tmp_path):
    add_evidence(session, cast, cast.alice, now, title="The feature store")
    session.commit()
    file = tmp_path / "alice.zip"
    done = run("export", "user", "alice@example.org", "--to", file)
    assert done.exit_code == 0, done.output
    assert "of alice@example.org" in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["alice.zip"]
    assert "exists" in run("export", "user", "alice@example.org", "--to", file).stderr
    assert "; name it with --into" in run("import", "user", file).stderr
    full = run("import", "user", file, "--into", "alice@example.org")
    assert full.exit_code == 1
    assert "already has records" in full.stderr

    done = run("import", "user", file, "--into", "mallory@example.org", "--yes")
    assert done.exit_code == 0
    session.rollback()
    owners = session.scalars(
        sa.select(Evidence.user_id).where(Evidence.title == "The feature store")
    )
    assert set(owners) == {cast.alice, cast.mallory}
    actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [each for each in actions if "archive" in each] == [
        "archive.exported", "archive.imported"
    ]  # fmt: skip


def test_import_creates_a_missing_account(run, cast, session, now, tmp_path):
    contents = export(session, cast.alice, now)
    contents["manifest.json"] |= {"email": "alice@new.example", "person": "Alice Ng"}
    file = tmp_path / "alice.zip"
    file.write_bytes(pack(contents).getvalue())
    done = run("import", "user", file)
    assert done.exit_code == 0, done.output
    key, link = done.stdout.split()
    assert "/password/" in link
    session.rollback()
    made = session.scalars(sa.select(User).where(User.email == "alice@new.example")).one()
    assert (str(made.id), made.name, made.is_admin) == (key, "Alice Ng", False)


def test_import_rejects_unknown_records_unless_partly_is_given(run, cast, session, now, tmp_path):
    contents = export(session, cast.alice, now)
    contents["manifest.json"] |= {
        "email": "alice@new.example",
        "titles": {"old-key": "A milestone of another company"},
    }
    contents["records/milestone_plan.json"] = [
        {"milestone_key": "old-key", "note": "Keep me", "revision": 1, "target_on": None,
         "updated_at": "2026-01-01T00:00:00Z"}
    ]  # fmt: skip
    file = tmp_path / "alice.zip"
    file.write_bytes(pack(contents).getvalue())
    refused = run("import", "user", file)
    assert refused.exit_code == 1
    assert "1 record cannot be used here: A milestone of another company" in refused.stderr
    session.rollback()
    assert session.scalar(sa.select(User).where(User.email == "alice@new.example")) is None

    done = run("import", "user", file, "--partly")
    assert "Kept unchanged: 1 record" in done.stderr
    session.rollback()
    key = session.scalars(sa.select(User.id).where(User.email == "alice@new.example")).one()
    [kept] = export(session, key, now)["records/archive_import.json"]
    assert kept["left_out"]["milestone_plan"][0]["note"] == "Keep me"


def test_import_of_another_persons_archive_asks_on_a_terminal(
    app, run, cast, session, now, tmp_path, monkeypatch
):
    file = tmp_path / "alice.zip"
    file.write_bytes(pack(export(session, cast.alice, now)).getvalue())
    arguments = ["import", "user", str(file), "--into", "mallory@example.org"]
    refused = run(*arguments)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "add --yes" in refused.stderr
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    asked = app.test_cli_runner().invoke(args=arguments, input="n\n")
    assert asked.exit_code == 1
    assert (
        "The archive belongs to Alice (alice@example.org). Import it for mallory@" in asked.stderr
    )
    assert "nothing was imported" in asked.stderr
    done = run(*arguments, "--yes")
    assert done.exit_code == 0
    assert "Import it for" not in done.stderr
    # Memberships of another installation are not imported.
    assert "Not imported: 1 record of the other installation" in done.stderr


def test_import_rejects_invalid_and_missing_files(run, cast, tmp_path):
    file = tmp_path / "alice.zip"
    file.write_bytes(b"no ZIP")
    done = run("import", "user", file)
    assert done.exit_code == 1
    assert "cannot be imported: This is not a ZIP file" in done.stderr
    assert "No such file" in run("import", "user", tmp_path / "none.zip").stderr


def test_export_schema_is_json(run):
    assert "manifest.json" in json.loads(run("export", "schema").stdout)
