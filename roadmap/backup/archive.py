"""The backup format: a ZIP with a manifest and a file per table, independent of the database.

manifest.json           format, release, schema revision, time, rows and SHA-256 of each table
signature               HMAC-SHA-256 of the manifest by the instance's secret key
tables/<name>.jsonl     JSON arrays: the column names, then one row per line
files/<sha256>          evidence files

Datetimes are ISO 8601 in UTC, bytes are base64, and UUIDs have their canonical text form. A
backup of SQLite can be restored into PostgreSQL and vice versa.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import hashlib
import hmac
import json
import shutil
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from pydantic.dataclasses import dataclass

from roadmap.core.types import json_text

FORMAT = 1
FILES = "files/"
MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "signature"
# Far more than any row needs.
MAX_LINE_BYTES = 8 * 1024 * 1024
# Far more than a manifest needs. Protects against ZIP bombs.
MAX_MANIFEST_BYTES = 1024 * 1024
# Raised when reading damaged, truncated or encrypted ZIP entries.
READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class InvalidBackup(ValueError):
    """The file is not a backup of Cairn or is damaged. The message is the reason."""


class ForeignBackup(InvalidBackup):
    """The backup is not signed by this instance."""


@dataclass(frozen=True, slots=True)
class TableEntry:
    """The number of rows and the SHA-256 of a table's file."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Metadata of a backup. `revision` is its schema's migration, `files` are SHA-256 names."""

    release: str
    revision: str
    made_at: dt.datetime
    database: str
    tables: dict[str, TableEntry] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    # Files that rows reference but that were missing or damaged.
    missing_files: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(contents.rows for contents in self.tables.values())

    def to_json(self) -> str:
        values = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Parse a manifest. Raises InvalidBackup."""
        try:
            values = json.loads(text)
            if (found := values.pop("format")) != FORMAT:
                raise InvalidBackup(f"it has format {found}, this release reads {FORMAT}")
            return cls(**values)
        except InvalidBackup:
            raise
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            raise InvalidBackup("its manifest cannot be read") from None


def write_table(
    zip_file: zipfile.ZipFile, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> TableEntry:
    """Write a table row by row. Returns its entry for the manifest."""
    digest, count = hashlib.sha256(), -1
    with zip_file.open(f"tables/{name}.jsonl", "w", force_zip64=True) as file:
        for row in chain([columns], rows):
            text = json.dumps(
                list(row), default=json_text, ensure_ascii=False, separators=(",", ":")
            )
            line = f"{text}\n".encode()
            file.write(line)
            digest.update(line)
            count += 1
    return TableEntry(count, digest.hexdigest())


def write_file(zip_file: zipfile.ZipFile, name: str, file: IO[bytes]) -> None:
    """Add a stored file uncompressed, because most file formats are compressed already."""
    with zip_file.open(zipfile.ZipInfo(f"{FILES}{name}"), "w", force_zip64=True) as target:
        shutil.copyfileobj(file, target)


def _sign(content: bytes, key: str) -> bytes:
    return hmac.digest(f"backup:{key}".encode(), content, "sha256").hex().encode()


def write_manifest(zip_file: zipfile.ZipFile, manifest: Manifest, key: str) -> None:
    """Add the manifest and its signature."""
    text = manifest.to_json()
    zip_file.writestr(MANIFEST_NAME, text)
    zip_file.writestr(SIGNATURE_NAME, _sign(text.encode(), key))


def read_manifest(zip_file: zipfile.ZipFile, key: str | None) -> Manifest:
    """Read the manifest, and check its signature if a key is given. Raises InvalidBackup."""
    try:
        with zip_file.open(MANIFEST_NAME) as file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
        if len(content) > MAX_MANIFEST_BYTES:
            raise InvalidBackup("its manifest is too large")
        text = content.decode("utf-8")
    except (KeyError, UnicodeDecodeError, OSError, *READ_ERRORS):
        raise InvalidBackup("it holds no manifest") from None
    if key is not None:
        _require_signature(zip_file, content, key)
    return Manifest.from_json(text)


def _require_signature(zip_file: zipfile.ZipFile, content: bytes, key: str) -> None:
    try:
        with zip_file.open(SIGNATURE_NAME) as file:
            signature = file.read(100)
    except (KeyError, OSError, *READ_ERRORS):
        signature = b""
    if not hmac.compare_digest(signature, _sign(content, key)):
        raise ForeignBackup("it is not signed with the secret key of this installation")


def check_contents(zip_file: zipfile.ZipFile, manifest: Manifest) -> None:
    """Check the digests of all tables and files before parsing. Raises InvalidBackup."""
    for name, contents in manifest.tables.items():
        _check_entry(zip_file, f"tables/{name}.jsonl", contents.sha256, f"the table {name}")
    for name in manifest.files:
        _check_entry(zip_file, f"{FILES}{name}", name, f"the file {name}")


def _check_entry(zip_file: zipfile.ZipFile, path: str, sha256: str, what: str) -> None:
    try:
        with zip_file.open(path) as file:
            digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
    except KeyError:
        raise InvalidBackup(f"{what} is missing") from None
    except (ValueError, *READ_ERRORS):
        raise InvalidBackup(f"{what} is damaged") from None
    if digest.hexdigest() != sha256:
        raise InvalidBackup(f"{what} is not what was written")


def read_table(zip_file: zipfile.ZipFile, name: str, contents: TableEntry) -> Iterator[list[Any]]:
    """Yield the column names, then the rows. Raises InvalidBackup, possibly at the end."""
    count = -1
    try:
        with zip_file.open(f"tables/{name}.jsonl") as file:
            while line := file.readline(MAX_LINE_BYTES):
                count += 1
                values = json.loads(line)
                if not isinstance(values, list):
                    raise InvalidBackup(f"a line of the table {name} is no row")
                yield values
    except InvalidBackup:
        raise
    except (KeyError, ValueError, *READ_ERRORS):  # ValueError includes too long numbers
        raise InvalidBackup(f"the table {name} is damaged") from None
    if count != contents.rows:
        raise InvalidBackup(f"the table {name} is not what was written")


def open_backup(path: Path) -> zipfile.ZipFile:
    """Open a backup for reading. Raises InvalidBackup or OSError."""
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise InvalidBackup("it is no backup: not even a ZIP file") from None
    except (UnicodeDecodeError, *READ_ERRORS):
        raise InvalidBackup("its list of contents is damaged") from None


def decode_value(value: Any, column_type: sa.types.TypeEngine[Any]) -> Any:
    """Decode a value according to its column's type. Raises InvalidBackup."""
    if value is None:
        return None
    kind: Any = column_type.impl if isinstance(column_type, sa.TypeDecorator) else column_type
    try:
        match kind:
            case sa.Uuid():
                return uuid.UUID(value)
            case sa.DateTime():
                return dt.datetime.fromisoformat(value)
            case sa.Date():
                return dt.date.fromisoformat(value)
            case sa.LargeBinary():
                return base64.b64decode(value, validate=True)
            case sa.Numeric():
                return decimal.Decimal(value)
    except (ValueError, TypeError, AttributeError, decimal.InvalidOperation):
        raise InvalidBackup(f"{value!r} is no value of type {kind}") from None
    return value
