"""The shape of an export format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask_babel import LazyString

from roadmap.portfolio.document import Document


@dataclass(frozen=True, slots=True)
class Format:
    """A file format of the portfolio.

    Its address is `/portfolio/export/<key>`; `extension` has no dot. `render` is pure: the same
    document gives the same bytes. `missing` returns the characters of a document that the file
    would show as boxes, `packed_files` the SHA-256 of each stored file that belongs into the file,
    which is a ZIP then, by its path in it.
    """

    key: str
    title: LazyString
    mimetype: str
    extension: str
    render: Callable[[Document], bytes]
    missing: Callable[[Document], str] = lambda _document: ""
    packed_files: Callable[[Document], Mapping[str, str]] = lambda _document: {}
