"""Create reproducible ZIP files."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable


def pack(files: Iterable[tuple[str, bytes]], day: dt.date) -> bytes:
    """Return a ZIP of the named files, all dated to the given day."""
    # ZIP timestamps begin in 1980.
    stamp = (max(day.year, 1980), day.month, day.day, 0, 0, 0)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Unix with mode 0644, so that the bytes do not depend on the platform.
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()
