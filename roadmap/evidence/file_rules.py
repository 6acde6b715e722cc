"""Rules for attached files: clean names, and media types detected from content. Pure.

The detected type must match the extension, because the extension decides which program opens the
file on a reader's machine. Archives are never unpacked.
"""

from __future__ import annotations

import codecs
import re
from functools import partial
from typing import IO

from roadmap.core.i18n import _l
from roadmap.core.text import clean_line

MAX_NAME_LENGTH = 120
# The number of bytes that `filetype` inspects.
HEAD_BYTES = 8192
CHUNK_BYTES = 256 * 1024
TEXT = "text/plain"

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
# Allowed extensions by detected media type. Office documents may be detected as plain ZIP files.
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
    # HTML and SVG are safe as text, because files are downloaded and never displayed.
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
# The allowed types as shown to users.
ALLOWED = _l(
    "PDF, Word, Excel, PowerPoint, OpenDocument, images, MP4, WebM, MP3, ZIP, text and source code"
)

# Bidirectional control characters, which can disguise the extension of a name.
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Characters with a special meaning in some file system.
_UNSAFE = re.compile(r'[<>:"|?*\u2028\u2029]')


def clean_name(sent: str | None) -> str:
    """Return the name of an uploaded file on one line and without a path, or "file".

    The name is only displayed and offered for saving. It is never used as a path on the server.
    """
    last = re.split(r"[/\\]", sent or "")[-1]
    name = _UNSAFE.sub("_", clean_line(_BIDI_CONTROLS.sub("", last))).strip(" .")
    if len(name) > MAX_NAME_LENGTH:
        stem, ending = _split(name)
        tail = f".{ending}" if ending and len(ending) <= 10 else ""
        name = f"{stem[: MAX_NAME_LENGTH - len(tail) - 1].rstrip()}…{tail}"
    return name or "file"


def _split(name: str) -> tuple[str, str]:
    """Split a name into its stem and its extension without the dot."""
    stem, dot, ending = name.rpartition(".")
    return (stem, ending) if dot else (name, "")


def find_type(name: str, content: IO[bytes]) -> str | None:
    """Detect the media type of a file from its content; return None if it is not allowed.

    Reads in chunks and rewinds the content.
    """
    import filetype  # Imported here because it takes 8 ms and only uploads need it.

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
    """Return whether a whole file is UTF-8 without NUL characters."""
    content.seek(0)
    chunks = iter(partial(content.read, CHUNK_BYTES), b"")
    try:
        return not any("\0" in text for text in codecs.iterdecode(chunks, "utf-8"))
    except UnicodeDecodeError:
        return False
