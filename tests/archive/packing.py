"""Helpers that build, unpack, modify and compare archives, ignoring ids and times."""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid
import zipfile
from typing import Any

from sqlalchemy.orm import Session

from roadmap.archive.export import write_archive
from roadmap.archive.format import ACCOUNT, MANIFEST, RECORDS
from roadmap.archive.reading import read_archive
from roadmap.archive.restoring import (
    ACCOUNT_NOT_RESTORED,
    IMPORTED,
    UNVERIFIED,
    Plan,
    restore,
    store_files,
)
from roadmap.archive.tables import NOT_RESTORED
from roadmap.auth.actions import create_user
from roadmap.people.models import User

QUOTA = 10**9
OLD = "https://old.example"
# Fields that an import sets: the origin of a row, and the expiry of links.
IMPORT_FIELDS = {"imported_from", "imported_at", "expires_at"}
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def minimal(**manifest: Any) -> dict[str, Any]:
    """Return the files of an archive without records."""
    at = "2026-01-01T00:00:00+00:00"
    return {
        MANIFEST: {
            "format": "cairn-archive", "version": 1, "release": "0", "instance": OLD, "made_at": at,
            "person": "Alice", "email": "alice@old.example", "roadmaps": [], "titles": {},
            **manifest,
        },
        ACCOUNT: {
            "email": "alice@old.example", "name": "Alice", "timezone": "Europe/Berlin",
            "locale": "de", "theme": "dark", "headline": "Ranking", "shares_plans": True,
            "shares_tools": False, "wants_mail": False, "uses_single_keys": False, "created_at": at,
        },
    }  # fmt: skip


def export(session: Session, user_id: uuid.UUID, now: Any) -> dict[str, Any]:
    """Return the archive of a person, by file path."""
    session.commit()
    packed = io.BytesIO()
    write_archive(packed, user_id, instance=OLD, now=now)
    return unpack(packed.getvalue())


def unpack(packed: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        return {
            name: json.loads(archive.read(name)) if name.endswith(".json") else archive.read(name)
            for name in archive.namelist()
        }


def pack(contents: dict[str, Any], **manifest: Any) -> io.BytesIO:
    """Pack files into a ZIP with a correct manifest, except for overrides."""
    files = {
        path: each if isinstance(each, bytes) else json.dumps(each).encode()
        for path, each in contents.items()
        if path != MANIFEST
    }
    listed = [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in files.items()
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps({**contents[MANIFEST], "files": listed, **manifest}))
        for path, data in files.items():
            archive.writestr(path, data)
    return packed


def import_archive(
    session: Session, contents: dict[str, Any], now: Any, email: str = "alice@new.example"
) -> tuple[User, Plan]:
    """Import contents into a new account; return it and the import plan."""
    archive = read_archive(pack(contents), quota=QUOTA)
    user = create_user(session, name="Alice", email=email, by=None, now=now)
    store_files(archive)
    plan = restore(session, user.id, archive, by=None, now=now)
    session.commit()
    return user, plan


def without_ids(contents: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of an archive without ids, to compare them with a later export."""
    tables = {
        path.removeprefix(RECORDS).removesuffix(".json"): [dict(row) for row in rows]
        for path, rows in contents.items()
        if path.startswith(RECORDS)
    }
    versions = {row["id"]: row["number"] for row in tables.get("evidence_version", ())}
    for row in tables.get("review", ()):
        row["version_number"] = versions[row.pop("version_id")]
        row["milestones"] = sorted(
            each["milestone_key"]
            for each in tables["confirmation"]
            if each["review_id"] == row["id"]
        )
        del row["reviewer_id"]
        tables.setdefault("imported_review", []).append(row)
    for row in tables.get("assessment", ()):
        if row["side"] != "self":
            kept = {key: row[key] for key in row if key not in ("side", "assessor_id")}
            tables.setdefault("imported_assessment", []).append(kept)
    tables["assessment"] = [row for row in tables.get("assessment", ()) if row["side"] == "self"]
    for row in tables.get("history_entry", ()):
        row["action"] = row["action"].removeprefix(IMPORTED)
    found: dict[str, Any] = {}
    labels: dict[str, str] = {}
    for name, rows in tables.items():
        if name not in {*NOT_RESTORED, "archive_import"}:
            left_out = IMPORT_FIELDS | UNVERIFIED.get(name, {}).keys()
            found[name] = [
                {key: _unnamed(row[key]) for key in sorted(row) if key not in left_out}
                for row in rows
                if row.get("action") != "archive.imported"
            ]
            for number, row in enumerate(rows):
                labels.setdefault(str(row.get("id")), f"{name} {number}")
    found["account"] = {k: v for k, v in contents[ACCOUNT].items() if k not in ACCOUNT_NOT_RESTORED}
    text = ID.sub(lambda id_: labels.get(id_[0], "an id"), json.dumps(found))
    files = {path: each for path, each in contents.items() if isinstance(each, bytes)}
    return json.loads(text) | files


def _unnamed(value: Any) -> Any:
    """Remove the ids of other people, who have no account in the other installation."""
    if isinstance(value, dict) and "is_self" in value:
        return "self" if value["is_self"] else None
    return value
