"""Write Word documents (Office Open XML), with support for bidirectional text.

User input is escaped into text runs. Paragraphs are written as XML, which is much faster than
building them with python-docx; that library provides the package, its parts and the styles.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from roadmap.core.markdown import Node, to_tree
from roadmap.core.text import strip_control_characters
from roadmap.portfolio.formats.zip_file import pack

STYLES = Path(__file__).with_name("word_styles.xml")
# Word has nine list levels. Lengths are in twentieths of a point.
MAX_DEPTH, STEP = 8, 360
PAGE_WIDTH = 9_180
MAX_DIRECTION_CHANGES = 500
BULLETS, NUMBERS, FIRST_LIST = 1, 2, 3

_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_LETTER = re.compile(r"[^\W\d_]")
# Runs in the direction opposite to the paragraph's, including neutral characters between their
# letters. Numbers are left-to-right.
_RUNS = {
    False: re.compile(rf"[{_RTL}](?:[\W\d_]*[{_RTL}])*"),
    True: re.compile(rf"[^\W_{_RTL}](?:[^{_RTL}]*[^\W_{_RTL}])?"),
}
# In the order that the schema of run properties requires.
_MARKS = {
    "link": '<w:rStyle w:val="Hyperlink"/>',
    "code": '<w:rStyle w:val="CodeChar"/>',
    "b": "<w:b/><w:bCs/>",
    "i": "<w:i/><w:iCs/>",
    "s": "<w:strike/>",
}
_SPAN_MARKS = {"strong": "b", "em": "i", "s": "s"}
_BREAKS = {"\n": "<w:br/>", "\t": "<w:tab/>"}


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line; `marks` are keys of `_MARKS`, `href` is the link target."""

    text: str
    marks: frozenset[str] = frozenset()
    href: str = ""


def bold(text: str) -> Span:
    return Span(text, frozenset("b"))


def link(href: str, text: str) -> Span:
    return Span(text, frozenset({"link"}), href)


Line = str | Span | Sequence[Span]


def _spans(line: Line) -> Sequence[Span]:
    if isinstance(line, str):
        return [Span(line)]
    return [line] if isinstance(line, Span) else line


def is_rtl(text: str) -> bool:
    """Return whether a text is right-to-left, judged by its first letter."""
    first = _LETTER.search(text)
    return first is not None and re.match(f"[{_RTL}]", first[0]) is not None


class WordWriter:
    """Collects the body of a document and writes it as a DOCX file."""

    def __init__(self, language: str) -> None:
        import docx  # Slow to import, so loaded on demand.

        self._document: Any = docx.Document()
        self._body: list[str] = []
        self._targets: dict[str, str] = {}
        self._starts: list[int] = []
        _set_up(self._document, language)

    def heading(self, text: str, level: int) -> None:
        self.paragraph(text, f"Heading{min(level, 6)}")

    def paragraph(
        self, line: Line, style: str = "BodyText", *, keep_with_next: bool = False
    ) -> None:
        """Add a paragraph; `keep_with_next` keeps it on the same page as the next one."""
        self._body.append(
            self._paragraph(_spans(line), style, keep_with_next="<w:keepNext/>" * keep_with_next)
        )

    def fact(self, label: str, line: Line) -> None:
        """Add a line with a bold label."""
        self.paragraph([bold(label), Span("  "), *_spans(line)], "Details")

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[Line]],
        alignments: Sequence[str] = (),
        widths: Sequence[int] = (),
    ) -> None:
        """Add a table with a header repeated on each page; `widths` are relative."""
        shares = widths or [1] * len(head)
        grid = [PAGE_WIDTH * share // sum(shares) for share in shares]
        flow = "<w:bidiVisual/>" * is_rtl(" ".join(head))
        lines: list[Sequence[Line]] = [[bold(title) for title in head], *rows]
        columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in grid)
        self._body.append(
            f'<w:tbl><w:tblPr><w:tblStyle w:val="PortfolioTable"/>{flow}'
            '<w:tblW w:w="5000" w:type="pct"/><w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0"'
            ' w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/></w:tblPr>'
            f"<w:tblGrid>{columns}</w:tblGrid>"
        )
        for at, cells in enumerate(lines):
            repeated = "<w:tblHeader/>" * (at == 0)
            self._body.append(f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>")
            for cell, width, alignment in zip_longest(cells, grid, alignments[: len(grid)]):
                aligned = f'<w:jc w:val="{alignment}"/>' if alignment else ""
                self._body.append(
                    f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
                    f"{self._paragraph(_spans(cell or ''), 'TableText', after=aligned)}</w:tc>"
                )
            self._body.append("</w:tr>")
        # Word merges adjacent tables without a paragraph between them.
        self._body.append(f"</w:tbl>{self._paragraph((), 'TableEnd')}")

    def markdown(self, text: str, base_level: int) -> None:
        """Add Markdown, with headings starting at `base_level`."""
        self._blocks(to_tree(text, base_level).get("c", []))

    def to_bytes(self, *, title: str, author: str, page: str, day: dt.date) -> bytes:
        """Return the file. `page` has {n} and {m} for the page number and the page count."""
        document = self._document
        made = _parse(f"<w:body>{''.join(self._body)}</w:body>")
        # The section properties must remain the last element.
        document.element.body[:0] = list(made)
        _set_lists(document.part.numbering_part.element, self._starts)
        _fill_footer(document.sections[0].footer._element, f"{author} · {page}")
        properties = document.core_properties
        # python-docx accepts at most 255 characters in a property.
        properties.title, properties.author = title[:255], author[:255]
        properties.last_modified_by = author[:255]
        properties.created = properties.modified = dt.datetime.combine(day, dt.time(12))
        properties.comments = ""
        out = io.BytesIO()
        document.save(out)
        with zipfile.ZipFile(out) as parts:
            return pack(((name, parts.read(name)) for name in parts.namelist()), day)

    def _paragraph(
        self,
        spans: Sequence[Span],
        style: str,
        *,
        keep_with_next: str = "",
        number: str = "",
        after: str = "",
    ) -> str:
        rtl = is_rtl("".join(span.text for span in spans))
        about = f"{keep_with_next}{number}{'<w:bidi/>' * rtl}{after}"
        runs = "".join(self._span(span, rtl) for span in spans)
        return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{about}</w:pPr>{runs}</w:p>'

    def _span(self, span: Span, rtl: bool) -> str:
        runs = []
        text, end = strip_control_characters(span.text), 0
        changes = [*islice(_RUNS[rtl].finditer(text), MAX_DIRECTION_CHANGES + 1)]
        # Beyond the limit, Word decides the direction.
        for found in (*(changes if len(changes) <= MAX_DIRECTION_CHANGES else ()), None):
            start, stop = found.span() if found else (len(text), len(text))
            runs += [_run(text[end:start], span.marks, rtl)]
            runs += [_run(text[start:stop], span.marks, not rtl)]
            end = stop
        if not span.href:
            return "".join(runs)
        return f'<w:hyperlink r:id="{self._target(span.href)}">{"".join(runs)}</w:hyperlink>'

    def _target(self, href: str) -> str:
        from docx.opc.constants import RELATIONSHIP_TYPE

        if href not in self._targets:
            # `relate_to` would search all existing relationships first.
            self._targets[href] = name = f"link{len(self._targets)}"
            self._document.part.rels.add_relationship(
                RELATIONSHIP_TYPE.HYPERLINK, href, name, is_external=True
            )
        return self._targets[href]

    def _blocks(self, nodes: Sequence[Node], style: str = "BodyText", depth: int = 0) -> None:
        for node in nodes:
            self._block(node, style, depth)

    def _block(self, node: Node, style: str, depth: int, number: str = "") -> None:
        inner = node.get("c", [])
        indent = f'<w:ind w:left="{depth * STEP}"/>' if depth and not number else ""
        match node["t"]:
            case "heading":
                self.paragraph([*_inline(inner)], f"Heading{node['l']}")
            case "fence" | "code_block":
                text = Span(node["v"].rstrip("\n"))
                self._body.append(self._paragraph([text], "Code", number=number, after=indent))
            case "blockquote":
                self._blocks(inner, "Quote", depth)
            case "bullet_list" | "ordered_list":
                self._list(node, depth)
            case "table":
                rows = [row.get("c", []) for part in inner for row in part.get("c", [])]
                cells = [[[*_inline(cell.get("c", []))] for cell in row] for row in rows]
                alignments = [cell.get("align", "") for cell in rows[0]]
                head = ["".join(span.text for span in cell) for cell in cells[0]]
                self.table(head, cells[1:], alignments)
            case "hr":
                self._body.append(self._paragraph((), "Rule"))
            case _other:
                spans = [*_inline(inner or [node])]
                self._body.append(self._paragraph(spans, style, number=number, after=indent))

    def _list(self, node: Node, depth: int) -> None:
        level, list_id = min(depth, MAX_DEPTH), BULLETS
        if node["t"] == "ordered_list":
            # Each ordered list needs its own definition for its start number.
            list_id = FIRST_LIST + len(self._starts)
            self._starts.append(node["n"])
        number = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'
        for item in node.get("c", []):
            first, *others = item.get("c", []) or [{"t": "paragraph"}]
            if first["t"] in ("paragraph", "fence", "code_block"):
                self._block(first, "ListParagraph", depth + 1, number)
            else:
                others = [first, *others]
            self._blocks(others, "ListParagraph", depth + 1)


def _inline(
    nodes: Iterable[Node], marks: frozenset[str] = frozenset(), href: str = ""
) -> Iterator[Span]:
    for node in nodes:
        match node["t"]:
            case "text":
                yield Span(node["v"], marks, href)
            case "code_inline":
                yield Span(node["v"], marks | {"code"}, href)
            case "softbreak":
                yield Span(" ", marks, href)
            case "hardbreak":
                yield Span("\n", marks, href)
            case "link" if node["href"]:
                yield from _inline(node.get("c", []), marks | {"link"}, node["href"])
            case kind:
                yield from _inline(node.get("c", []), marks | {*_SPAN_MARKS.get(kind, "")}, href)


def _run(text: str, marks: frozenset[str] = frozenset(), rtl: bool = False) -> str:
    if not text:
        return ""
    kept = "".join(spelled for mark, spelled in _MARKS.items() if mark in marks)
    about = f"{kept}{'<w:rtl/>' * rtl}"
    parts = (
        _BREAKS.get(part) or f'<w:t xml:space="preserve">{escape(part)}</w:t>'
        for part in re.split(r"([\n\t])", text)
        if part
    )
    return f"<w:r>{f'<w:rPr>{about}</w:rPr>' if about else ''}{''.join(parts)}</w:r>"


def _fill_footer(footer: Any, text: str) -> None:
    fields = {"{n}": "PAGE", "{m}": "NUMPAGES"}
    runs = "".join(
        f'<w:fldSimple w:instr="{fields[part]}">{_run("1")}</w:fldSimple>'
        if part in fields
        else _run(part)
        for part in re.split(r"(\{[nm]\})", strip_control_characters(text))
    )
    style = '<w:pPr><w:pStyle w:val="Footer"/></w:pPr>'
    footer[:] = [_parse(f"<w:p>{style}{runs}</w:p>")]


def _set_lists(numbering: Any, starts: Sequence[int]) -> None:
    """Define the bullet and number formats, and a list for each ordered list's start number."""
    levels = range(MAX_DEPTH + 1)
    forms, lists = [], [_list_instance(BULLETS, BULLETS)]
    for name, form, text in ((BULLETS, "bullet", "–"), (NUMBERS, "decimal", "%{}.")):
        defined = "".join(
            f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
            f'<w:lvlText w:val="{text.format(level + 1)}"/><w:lvlJc w:val="left"/><w:pPr>'
            f'<w:ind w:left="{(level + 1) * STEP}" w:hanging="{STEP}"/></w:pPr></w:lvl>'
            for level in levels
        )
        forms.append(
            f'<w:abstractNum w:abstractNumId="{name}">'
            f'<w:multiLevelType w:val="multilevel"/>{defined}</w:abstractNum>'
        )
    for list_id, start in enumerate(starts, FIRST_LIST):
        begins = "".join(
            f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{start}"/></w:lvlOverride>'
            for level in levels
        )
        lists.append(_list_instance(list_id, NUMBERS, begins))
    # Replaces the definitions of python-docx's template, which refer to its own styles.
    numbering[:] = [_parse(each) for each in (*forms, *lists)]


def _list_instance(list_id: int, form: int, begins: str = "") -> str:
    return f'<w:num w:numId="{list_id}"><w:abstractNumId w:val="{form}"/>{begins}</w:num>'


def _parse(xml: str) -> Any:
    """Parse an XML element after adding the namespace declarations."""
    from docx.oxml import parse_xml

    return parse_xml(re.sub(r"^<[\w:]+", rf"\g<0> {_NAMESPACES}", xml, count=1))


def _set_up(document: Any, language: str) -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn
    from docx.shared import Mm

    styles = document.styles.element
    styles[:] = parse_xml(STYLES.read_bytes())
    for each in styles.iter(qn("w:lang")):
        each.set(qn("w:val"), language)
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(24)
    page.top_margin, page.bottom_margin = Mm(22), Mm(24)
