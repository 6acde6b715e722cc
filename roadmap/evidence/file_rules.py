"""What a file of a piece may be: its name, and its type by content. Pure.

A type is allowed where the content and the ending of the name agree: an ending decides with what a
reader's machine opens the file. Nothing is ever unpacked.
"""

from __future__ import annotations

import codecs
import re
from functools import partial
from typing import IO

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.text import clean_line

MAX_NAME_LENGTH = 120
# What `filetype` looks at.
HEAD_BYTES = 8192
CHUNK_BYTES = 256 * 1024
TEXT = "text/plain"

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
# Endings of names by type of content. The programs of office suites write ZIP files.
ENDINGS: dict[str, frozenset[str]] = {
    "application/pdf": frozenset({"pdf"}),
    f"{_OFFICE}wordprocessingml.document": frozenset({"docx"}),
    f"{_OFFICE}spreadsheetml.sheet": frozenset({"xlsx"}),
    f"{_OFFICE}presentationml.presentation": frozenset({"pptx"}),
    f"{_OPEN_DOCUMENT}text": frozenset({"odt"}),
    f"{_OPEN_DOCUMENT}spreadsheet": frozenset({"ods"}),
    f"{_OPEN_DOCUMENT}presentation": frozenset({"odp"}),
    "application/msword": frozenset({"doc"}),
    "application/vnd.ms-excel": frozenset({"xls"}),
    "application/vnd.ms-powerpoint": frozenset({"ppt"}),
    "application/rtf": frozenset({"rtf"}),
    "application/epub+zip": frozenset({"epub"}),
    "application/zip": frozenset(
        {"zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "epub", "key", "pages", "numbers"}
    ),
    "application/gzip": frozenset({"gz", "tgz"}),
    "application/x-tar": frozenset({"tar"}),
    "image/png": frozenset({"png"}),
    "image/apng": frozenset({"png", "apng"}),
    "image/jpeg": frozenset({"jpg", "jpeg"}),
    "image/gif": frozenset({"gif"}),
    "image/webp": frozenset({"webp"}),
    "image/avif": frozenset({"avif"}),
    "image/heic": frozenset({"heic", "heif"}),
    "image/tiff": frozenset({"tif", "tiff"}),
    "video/mp4": frozenset({"mp4", "m4v"}),
    "video/x-m4v": frozenset({"m4v", "mp4"}),
    "video/quicktime": frozenset({"mov"}),
    "video/webm": frozenset({"webm"}),
    "audio/mpeg": frozenset({"mp3"}),
    "audio/mp4": frozenset({"m4a"}),
    "audio/ogg": frozenset({"ogg", "opus"}),
    "audio/x-wav": frozenset({"wav"}),
    # HTML and SVG too are nothing but text: they are saved and never shown.
    TEXT: frozenset(
        {
            *("", "txt", "md", "markdown", "rst", "adoc", "tex", "bib", "csv", "tsv", "json"),
            *("jsonl", "ndjson", "yaml", "yml", "toml", "ini", "cfg", "conf", "log", "diff"),
            *("patch", "xml", "html", "htm", "svg", "css", "js", "ts", "py", "pyi", "ipynb", "r"),
            *("jl", "sql", "sh", "java", "kt", "scala", "go", "rs", "c", "h", "cpp", "hpp", "cs"),
            *("rb", "swift", "proto", "graphql", "tf", "dot", "mmd", "puml", "drawio", "srt"),
            *("vtt", "ics", "eml"),
        }
    ),
}
# The same in words, for pages.
ALLOWED = _l(
    "PDF, Word, Excel, PowerPoint, OpenDocument, images, MP4, WebM, MP3, ZIP, text and source code"
)

# What turns the direction of a name, so that its ending seems to be another one.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What some file system gives a meaning to.
_UNSAFE = re.compile(r'[<>:"|?*\u2028\u2029]')


def clean_name(sent: str | None) -> str:
    """Return the name of a sent file, of one line and without a path; "file" for none.

    The name is only shown and offered for saving, in any script. It is never a path of ours.
    """
    last = re.split(r"[/\\]", sent or "")[-1]
    name = _UNSAFE.sub("_", clean_line(_DIRECTIONS.sub("", last))).strip(" .")
    if len(name) > MAX_NAME_LENGTH:
        stem, ending = _split(name)
        tail = f".{ending}" if ending and len(ending) <= 10 else ""
        name = f"{stem[: MAX_NAME_LENGTH - len(tail) - 1].rstrip()}…{tail}"
    return name or "file"


def _split(name: str) -> tuple[str, str]:
    """Return a name without its ending, and the ending without its dot."""
    stem, dot, ending = name.rpartition(".")
    return (stem, ending) if dot else (name, "")


def find_type(name: str, content: IO[bytes]) -> str | None:
    """Return the media type of a file, by content; None where it is not allowed.

    Reads a part at a time, and rewinds the content.
    """
    import filetype  # 8 ms that only uploads need

    ending = _split(name)[1].lower()
    content.seek(0)
    head = content.read(HEAD_BYTES)
    found = filetype.guess_mime(head)
    if found != TEXT and ending in ENDINGS.get(found or "", ()):
        content.seek(0)
        return str(found)
    is_text = ending in ENDINGS[TEXT] and _is_text(content)
    content.seek(0)
    return TEXT if is_text else None


def _is_text(content: IO[bytes]) -> bool:
    """Tell whether all of a file is UTF-8 without NUL."""
    content.seek(0)
    chunks = iter(partial(content.read, CHUNK_BYTES), b"")
    try:
        return not any("\0" in text for text in codecs.iterdecode(chunks, "utf-8"))
    except UnicodeDecodeError:
        return False
