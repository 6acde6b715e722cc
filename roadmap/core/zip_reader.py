"""Read untrusted ZIP files.

The directory is checked before anything is unpacked. Member names are never used as paths, and
wrong sizes in the directory are detected.
"""

from __future__ import annotations

import contextlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from flask_babel import LazyString

from roadmap.core.i18n import _l

# For other methods `zipfile` unpacks more than requested.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Repetitive text compresses to a hundredth, a ZIP bomb to a thousandth.
MAX_RATIO = 200
SMALL_BYTES = 1_000_000
# Traditional encryption, strong encryption, and an encrypted directory.
_ENCRYPTED = 0x1 | 0x40 | 0x2000
# Size of the fixed part of a member's local header.
_LOCAL_HEADER = 30
_CHUNK = 256 * 1024
# What `zipfile` raises for damaged files: among others ValueError for undecodable names and
# NotImplementedError for unknown compression methods.
_READ_ERRORS = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError),
)

DAMAGED = _l("This is not a ZIP file, or the file is damaged.")
_PASSWORD = _l("This ZIP is protected by a password. Create it again without one.")


class ZipRefused(ValueError):
    """The file is refused. The message is for the user."""

    def __init__(self, message: LazyString) -> None:
        super().__init__(str(message))


class ZipReader:
    """The members of a ZIP by name, without folders. Raises ZipRefused."""

    def __init__(self, source: IO[bytes], *, max_members: int) -> None:
        self._size = source.seek(0, 2)
        source.seek(0)
        with _convert_errors():
            self._archive = zipfile.ZipFile(source)
        listed = self._archive.infolist()
        if len(listed) > max_members:
            raise ZipRefused(_l("This ZIP has more than %(most)s files.", most=max_members))
        for each in listed:
            self._check(each)
        self._check_offsets(listed)
        self.members = {each.filename: each for each in listed if not each.is_dir()}

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return a member's content of at most `max_bytes` bytes."""
        if self.members[name].file_size > max_bytes:
            raise ZipRefused(_l("“%(name)s” in this ZIP is too large.", name=name[:80]))
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member's content, which must match its size in the directory."""
        member = self.members[name]
        left = member.file_size
        with _convert_errors(), self._archive.open(member) as file:
            while chunk := file.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        if left:
            raise ZipRefused(
                _l(
                    "The size of “%(name)s” does not match the ZIP's list of files: the "
                    "ZIP is damaged.",
                    name=name[:80],
                )
            )

    @staticmethod
    def _check(member: zipfile.ZipInfo) -> None:
        name, mode = member.filename, member.external_attr >> 16
        if member.flag_bits & _ENCRYPTED:
            raise ZipRefused(_PASSWORD)
        # `zipfile` truncates names at a NUL, so the two names can differ.
        if member.orig_filename != name or not _is_safe_path(name):
            raise ZipRefused(
                _l(
                    "This ZIP contains a file with an invalid name: “%(name)s”.",
                    name=ascii(name)[1:-1][:80],
                )
            )
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ZipRefused(
                _l(
                    "“%(name)s” in this ZIP is a link or a device, not a regular file.",
                    name=name[:80],
                )
            )
        if member.compress_type not in METHODS:
            raise ZipRefused(
                _l(
                    "“%(name)s” uses a compression method that Cairn does not support. "
                    "Create the ZIP again with a standard tool.",
                    name=name[:80],
                )
            )
        if member.file_size > max(SMALL_BYTES, MAX_RATIO * member.compress_size):
            raise ZipRefused(
                _l("“%(name)s” in this ZIP expands to a suspiciously large size.", name=name[:80])
            )

    def _check_offsets(self, listed: list[zipfile.ZipInfo]) -> None:
        """Refuse duplicate names, and members that overlap or exceed the file."""
        names = {each.filename.casefold() for each in listed}
        if len(names) < len(listed):
            raise ZipRefused(_l("This ZIP contains the same file twice."))
        end = 0
        for each in sorted(listed, key=lambda each: each.header_offset):
            if each.header_offset < end:
                raise ZipRefused(DAMAGED)
            end = each.header_offset + _LOCAL_HEADER + each.compress_size
        if end > self._size:
            raise ZipRefused(DAMAGED)


def _is_safe_path(name: str) -> bool:
    """Return whether a name is a plain relative path without `..`."""
    parts = name.removesuffix("/").split("/")
    return (
        not re.search(r"[\\:\x00-\x1f\x7f\ud800-\udfff]", name)
        and len(name) <= 500
        and not {"", ".", ".."} & set(parts)
    )


@contextlib.contextmanager
def _convert_errors() -> Iterator[None]:
    try:
        yield
    except ZipRefused:
        raise
    except _READ_ERRORS:
        raise ZipRefused(DAMAGED) from None
