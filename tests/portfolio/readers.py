"""Read exported portfolios with third-party programs."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from typing import Any

import lxml.etree
import mammoth
import openpyxl
import pypdf
from markdown_it import MarkdownIt


def read_pdf(data: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(data))
    # Ignore line breaks, which depend on the page width.
    pages = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    return f"{pages}\n{reader.metadata and dict(reader.metadata)}"


def read_site(data: bytes) -> str:
    """Return the words of all pages, and the contents of the other files."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(
            f"{entry.filename}\n{_read_packed(entry.filename, archive.read(entry))}"
            for entry in archive.infolist()
        )


def _read_packed(name: str, data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return read_html(text) if name.endswith(".html") else text


_INLINE = {"a", "b", "bdi", "code", "em", "s", "small", "strong", "wbr"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in _INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read_html(page: str) -> str:
    reader = _Words()
    reader.feed(page)
    return " ".join("".join(reader.words).split())


def read_markdown(data: bytes) -> str:
    return read_html(MarkdownIt("commonmark").enable("table").render(data.decode()))


def read_json(data: bytes) -> str:
    return "\n".join(_strings(json.loads(data)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    else:
        yield str(value)


def read_csv(data: bytes) -> str:
    return _read_rows([*csv.reader(io.StringIO(data.decode("utf-8-sig")))])


def read_xlsx(data: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return "\n".join(
        f"{sheet.title}\n{_read_rows([*sheet.iter_rows(values_only=True)])}"
        for sheet in book.worksheets
    )


def _read_rows(rows: Sequence[Sequence[Any]]) -> str:
    """Return each cell with its column heading."""
    head, *others = rows
    return "\n".join(
        f"{title}: {cell}"
        for row in others
        for title, cell in zip(head, row, strict=True)
        if cell not in (None, "")
    )


def read_docx(data: bytes) -> str:
    return read_html(docx_to_html(data))


def docx_to_html(data: bytes) -> str:
    html: str = mammoth.convert_to_html(io.BytesIO(data)).value
    return html


def read_atom(data: bytes) -> str:
    """Return the words of a feed, including those in its HTML."""
    feed = lxml.etree.fromstring(data)
    return "\n".join(
        read_html(each.text or "") if each.get("type") == "html" else (each.text or "")
        for each in feed.iter()
    )


READERS: dict[str, Callable[[bytes], str]] = {
    "pdf": read_pdf,
    "docx": read_docx,
    "leap2a": read_atom,
    "site": read_site,
    "markdown": read_markdown,
    "json-resume": read_json,
    "xlsx": read_xlsx,
    "csv": read_csv,
    "preview": lambda page: read_html(page.decode()),
}
"""The reader of each format and of the preview, by key. Tests fail for formats without one."""
