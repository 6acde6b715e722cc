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


def parts(document: Document) -> list[str]:
    """Return the sections in their order, and "account" before the first that it is about.

    It says how much of the evidence is verified, and stands wherever evidence is shown.
    """
    found: list[str] = []
    for key in document.sections:
        if key in ("results", "evidence") and "account" not in found:
            found.append("account")
        found.append(key)
    return found
