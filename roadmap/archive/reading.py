"""Read and fully validate an archive before any of it is stored. The file is untrusted."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from roadmap.archive.format import (
    ACCOUNT,
    FILES,
    FORMAT,
    MANIFEST,
    RECORDS,
    VERSION,
    Manifest,
    row_model,
    rows_adapter,
)
from roadmap.archive.tables import exported_tables, target_table
from roadmap.core.i18n import _
from roadmap.core.uploads import MAX_FILE_BYTES
from roadmap.core.zip_reader import ZipReader, ZipRefused
from roadmap.evidence.constants import MAX_FILES, MAX_IMPACTS, MAX_PIECES, MAX_VERSIONS
from roadmap.portfolio.actions import MAX_ITEMS, MAX_PORTFOLIOS

MAX_MEMBERS = 60_000
MAX_MANIFEST_BYTES = 16_000_000
# Of all records together, uncompressed. A history entry takes about 200 bytes.
MAX_RECORD_BYTES = 100_000_000
MAX_ROWS = 200_000
# Of one file. A parsed value takes at least a hundred bytes.
MAX_VALUES = 3_000_000
# Each unknown field of a row is an error.
MAX_ERRORS = 10_000
# The maximum number of rows of a table with the same value in a column.
MAX_ROWS_PER_VALUE = (
    ("evidence_version", "evidence_id", MAX_VERSIONS),
    ("evidence_file", "version_id", MAX_FILES),
    ("impact", "version_id", MAX_IMPACTS),
)

Rows = Sequence[Any]


class ArchiveRefused(ValueError):
    """The file is not a valid archive; the text is a message for the user."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A validated archive: its manifest, the account, and the rows of each table."""

    manifest: Manifest
    account: Any
    tables: Mapping[str, Rows]
    zip: ZipReader

    @property
    def rows(self) -> int:
        return sum(map(len, self.tables.values()))

    @property
    def origin(self) -> str:
        """Return the installation named in the manifest; never "", which marks local rows."""
        return self.manifest.instance.strip() or _("an unknown place")

    @property
    def files(self) -> list[str]:
        """Return the SHA-256 of the files in the archive."""
        paths = (each.path for each in self.manifest.files)
        return [path.removeprefix(FILES) for path in paths if path.startswith(FILES)]

    def file(self, sha256: str) -> IO[bytes]:
        """Open a file of the archive."""
        return io.BytesIO(b"".join(self.zip.chunks(f"{FILES}{sha256}")))


def read_archive(source: IO[bytes], *, quota: int) -> Archive:
    """Read an archive whose files have at most `quota` bytes in total. Raises ArchiveRefused."""
    try:
        zip_file = ZipReader(source, max_members=MAX_MEMBERS)
        manifest = _read_manifest(zip_file)
        _check_manifest(zip_file, manifest, quota)
        account = _parse(
            TypeAdapter(row_model("user")), ACCOUNT, zip_file.read(ACCOUNT, MAX_MANIFEST_BYTES)
        )
        tables = _read_tables(zip_file)
    except ZipRefused as refused:
        raise ArchiveRefused(str(refused)) from None
    archive = Archive(manifest, account, tables, zip_file)
    _check_ids(tables)
    _check_limits(tables, archive.files)
    return archive


def _read_manifest(zip_file: ZipReader) -> Manifest:
    if MANIFEST not in zip_file.members or ACCOUNT not in zip_file.members:
        raise ArchiveRefused(_("This ZIP is not a personal archive: it has no manifest."))
    data = zip_file.read(MANIFEST, MAX_MANIFEST_BYTES)
    head = _parse(TypeAdapter(dict[str, Any]), MANIFEST, data)
    if head.get("format") != FORMAT:
        raise ArchiveRefused(_("This ZIP is not a personal archive: it has no manifest."))
    if head.get("version") != VERSION:
        raise ArchiveRefused(
            _("This archive is version %(found)s, but this release of Cairn can only "
              "read version %(known)s.",
              found=str(head.get("version"))[:20], known=VERSION)
        )  # fmt: skip
    manifest: Manifest = _parse(TypeAdapter(Manifest), MANIFEST, data)
    return manifest


def _check_manifest(zip_file: ZipReader, manifest: Manifest, quota: int) -> None:
    """Compare the manifest with the ZIP's files by name, size and digest."""
    listed = {each.path: each for each in manifest.files}
    packed = zip_file.members.keys() - {MANIFEST}
    if len(listed) < len(manifest.files) or listed.keys() != packed:
        unmatched = min(packed ^ listed.keys(), default=MANIFEST)
        raise ArchiveRefused(
            _(
                "The manifest and the ZIP do not list the same files: “%(name)s”.",
                name=unmatched[:80],
            )
        )
    known = {ACCOUNT, *(f"{RECORDS}{name}.json" for name in exported_tables())}
    records = [path for path in listed if not path.startswith(FILES)]
    if unknown := min({*records} - known, default=""):
        raise ArchiveRefused(
            _("This release of Cairn does not recognize “%(name)s”. The archive comes "
              "from a newer release: import it into an installation that runs that "
              "release or a later one.", name=unknown[:80])
        )  # fmt: skip
    if sum(zip_file.members[path].file_size for path in records) > MAX_RECORD_BYTES:
        raise ArchiveRefused(_("The records of this archive are too large."))
    sizes = [zip_file.members[path].file_size for path in listed if path.startswith(FILES)]
    if max(sizes, default=0) > MAX_FILE_BYTES:
        raise ArchiveRefused(_("A file in this archive is larger than 25 MB, the maximum."))
    if sum(sizes) > quota:
        raise ArchiveRefused(
            _("The files in this archive exceed the limit of %(quota)d MB per person. "
              "Ask the operator of this server.", quota=quota // 1_000_000)
        )  # fmt: skip
    for path, each in listed.items():
        digest = hashlib.sha256()
        for chunk in zip_file.chunks(path):
            digest.update(chunk)
        is_named = not path.startswith(FILES) or path == f"{FILES}{each.sha256}"
        size = zip_file.members[path].file_size
        if (digest.hexdigest(), size) != (each.sha256, each.size) or not is_named:
            raise ArchiveRefused(
                _("“%(name)s” does not match the manifest: it was damaged or changed.",
                  name=path[:80])
            )  # fmt: skip


def _read_tables(zip_file: ZipReader) -> dict[str, Rows]:
    tables: dict[str, Rows] = {}
    left = MAX_ROWS
    for name in exported_tables():
        path = f"{RECORDS}{name}.json"
        if path in zip_file.members:
            tables[name] = _parse(rows_adapter(name), path, zip_file.read(path, MAX_RECORD_BYTES))
            left -= len(tables[name])
            if left < 0:
                raise ArchiveRefused(_("This archive has more records than one person can have."))
    return tables


def _parse(adapter: TypeAdapter[Any], path: str, data: bytes) -> Any:
    # One of these characters precedes each value, so their count is an upper bound.
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise ArchiveRefused(_("“%(path)s” has more records than one person can have.", path=path))
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        if error.error_count() > MAX_ERRORS:
            raise ArchiveRefused(
                _("“%(path)s” cannot be read: almost nothing in it is valid.", path=path)
            ) from None
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ArchiveRefused(
            _("“%(path)s” cannot be read: %(where)s: %(why)s.", path=path,
              where=_place(first["loc"]), why=first["msg"].rstrip(".")[:200])
        ) from None  # fmt: skip
    except RecursionError:
        raise ArchiveRefused(_("“%(path)s” is nested too deeply.", path=path)) from None


def _place(parts: Collection[int | str]) -> str:
    """Return the location of an error, with 1-based row numbers."""
    named = [_("row %(n)d", n=each + 1) if isinstance(each, int) else each for each in parts]
    return ", ".join(named)[:200] or _("the file")


def _check_ids(tables: Mapping[str, Rows]) -> None:
    """Refuse duplicate ids and keys, and references to missing rows."""
    ids = {
        name: {row.id for row in rows}
        for name, rows in tables.items()
        if "id" in row_model(name).model_fields
    }
    owner: dict[uuid.UUID, str] = {}
    for name, rows in tables.items():
        table, fields = exported_tables()[name], row_model(name).model_fields
        for columns in _unique_columns(table, fields):
            counts = Counter(tuple(getattr(row, each) for each in columns) for row in rows)
            if any(count > 1 and None not in key for key, count in counts.items()):
                raise ArchiveRefused(
                    _("“%(name)s” has the same record twice (%(columns)s).", name=name,
                      columns=", ".join(columns))
                )  # fmt: skip
        for key in ids.get(name, ()):
            if owner.setdefault(key, name) != name:
                raise ArchiveRefused(_("Two records have the id %(key)s.", key=key))
        for column in table.columns:
            target = target_table(column)
            if target in exported_tables() and column.name in fields:
                references = {getattr(row, column.name) for row in rows} - {None}
                if missing := references - ids.get(target, set()):
                    raise ArchiveRefused(
                        _("A record in “%(name)s” refers to %(key)s, which is not in the "
                          "archive.",
                          name=name, key=min(missing))
                    )  # fmt: skip


def _unique_columns(table: sa.Table, fields: Collection[str]) -> Iterable[tuple[str, ...]]:
    """Yield the sets of columns that must be unique among one person's rows."""
    for each in (table.primary_key, *table.constraints):
        if isinstance(each, sa.PrimaryKeyConstraint | sa.UniqueConstraint):
            names = tuple(column.name for column in each.columns if column.name != "user_id")
            if set(names) <= set(fields):
                yield names


def _check_limits(tables: Mapping[str, Rows], files: Collection[str]) -> None:
    """Refuse evidence without a version, files without evidence, and exceeded limits."""
    pieces = tables.get("evidence", ())
    if len(pieces) > MAX_PIECES:
        raise ArchiveRefused(
            _("This archive has more pieces of evidence than one person can have.")
        )
    versions = tables.get("evidence_version", ())
    if {row.id for row in pieces} - {row.evidence_id for row in versions}:
        raise ArchiveRefused(_("A piece of evidence in this archive has no version."))
    for name, column, most in MAX_ROWS_PER_VALUE:
        counts = Counter(getattr(row, column) for row in tables.get(name, ()))
        if max(counts.values(), default=0) > most:
            raise ArchiveRefused(
                _("“%(name)s” has more records for one piece than are allowed.", name=name)
            )
    if len(tables.get("portfolio", ())) > MAX_PORTFOLIOS:
        raise ArchiveRefused(_("This archive has more portfolios than one person can have."))
    placed = (row for row in tables.get("portfolio_item", ()) if row.position is not None)
    if max(Counter(row.portfolio_id for row in placed).values(), default=0) > MAX_ITEMS:
        raise ArchiveRefused(_("A portfolio in this archive has more pieces than are allowed."))
    named = {row.sha256 for row in tables.get("evidence_file", ())}
    if unused := {*files} - named:
        raise ArchiveRefused(
            _("The file %(name)s does not belong to any piece of evidence.", name=min(unused)[:80])
        )
