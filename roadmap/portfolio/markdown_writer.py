"""Write normalized Markdown, so that user input cannot break the document around it.

Fences are closed, headings fit into the outline, and text that only looks like markup is escaped.
Other Markdown readers, even those that allow HTML, show the same as this application.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from roadmap.core.markdown import Node, to_tree
from roadmap.core.text import clean_line

_MARKS = re.compile(r"[\\`*\[\]<>~|]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|[^\S ]")
# The start of a block: the number of a list item, or the position before a marker.
_LINE_START = re.compile(r"^(?:(\d{1,9})(?=[.)](?:\s|$))|(?=#{1,6}(?:\s|$)|[-+=]|:-))")
_TICKS = re.compile("`+")
_RULES = {"right": "--:", "center": ":-:", "left": ":--"}


def escape(text: str) -> str:
    """Escape inline text, so that it renders literally."""
    written = _MARKS.sub(_escape_mark, text)
    return f"{written[:-1]}\\{written[-1]}" if written.endswith(("!", "#")) else written


def _escape_mark(match: re.Match[str]) -> str:
    # Whitespace other than a space could break the line or be stripped.
    return f"&#{ord(match[0])};" if match[0].isspace() else f"\\{match[0]}"


def inline(text: str | None) -> str:
    """Escape a single line for use within another line or a table cell."""
    return escape(clean_line(text))


def line(text: str) -> str:
    """Escape a single line for use at the start of a line."""
    return _escape_start(inline(text))


def _escape_start(text: str) -> str:
    return _LINE_START.sub(r"\1\\", text)


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], alignments: Sequence[str] = ()
) -> str:
    """Return a table whose cells are already Markdown; `alignments` aligns the columns."""
    rule = [_RULES.get(alignment, "---") for alignment in alignments or [""] * len(head)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def rewrite(text: str, base_level: int) -> str:
    """Normalize Markdown, with headings starting at `base_level`."""
    return _blocks(to_tree(text, base_level).get("c", []))


def _blocks(nodes: Sequence[Node], *, tight: bool = False) -> str:
    written = []
    # Consecutive lists stay separate only if their markers differ.
    alternate = False
    previous = ""
    for node in nodes:
        alternate = node["t"] == previous and not alternate
        previous = node["t"]
        written.append(_block(node, alternate))
    return ("\n" if tight else "\n\n").join(written)


def _block(node: Node, alternate: bool) -> str:
    inner = node.get("c", [])
    match node["t"]:
        case "heading":
            text = _inline(inner).replace("\\\n", " ").replace("\n", " ")
            return f"{'#' * node['l']} {text}".rstrip()
        case "paragraph":
            return "\n".join(_escape_start(line) for line in _inline(inner).split("\n"))
        case "fence" | "code_block":
            text, fence = node["v"], _ticks(node["v"], 3)
            ended = text if text.endswith("\n") or not text else f"{text}\n"
            return f"{fence}{node.get('lang', '').replace('`', '')}\n{ended}{fence}"
        case "hr":
            return "---"
        case "blockquote":
            return _indent(_blocks(inner), "> ", "> ").replace("> \n", ">\n")
        case "bullet_list":
            return _items(node, ["* " if alternate else "- "] * len(inner))
        case "ordered_list":
            mark = ")" if alternate else "."
            return _items(node, [f"{node['n'] + i}{mark} " for i in range(len(inner))])
        case "table":
            rows = [row.get("c", []) for part in inner for row in part.get("c", [])]
            head, *cells = [[_inline(cell.get("c", []), cell=True) for cell in row] for row in rows]
            return table(head, cells, [cell.get("align", "") for cell in rows[0]])
        case _other:
            return _inline([node])


def _items(node: Node, marks: Sequence[str]) -> str:
    tight = node.get("tight", False)
    items = (
        _indent(_blocks(item.get("c", []), tight=tight), mark, " " * len(mark))
        for item, mark in zip(node.get("c", []), marks, strict=True)
    )
    return ("\n" if tight else "\n\n").join(items)


def _indent(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    blank = others if others.strip() else ""
    return "\n".join(
        [first + lines[0], *(others + line if line else blank for line in lines[1:])]
    ).rstrip(" ")


def _inline(nodes: Sequence[Node], *, cell: bool = False) -> str:
    parts = [_span(node, cell=cell) for node in nodes]
    # A leading or trailing space came from an entity. A plain space would be stripped, or would
    # end an emphasis.
    if parts and parts[0].startswith(" "):
        parts[0] = f"&#32;{parts[0][1:]}"
    if parts and parts[-1].endswith(" "):
        parts[-1] = f"{parts[-1][:-1]}&#32;"
    return "".join(parts)


def _span(node: Node, *, cell: bool) -> str:
    match node["t"]:
        case "text":
            return escape(node["v"])
        case "code_inline":
            return _code_span(node["v"].replace("|", "\\|") if cell else node["v"])
        case "softbreak":
            return "\n"
        case "hardbreak":
            return "\\\n"
    text = _inline(node.get("c", []), cell=cell)
    match node["t"]:
        case "em":
            return f"*{text}*"
        case "strong":
            return f"**{text}**"
        case "s":
            return f"~~{text}~~"
        case "link" if node["href"]:
            return f"[{text}]({destination(node['href'])})"
        case _other:
            return text


def _code_span(text: str) -> str:
    ticks = _ticks(text, 1)
    edge = text[:1] in "` " or text[-1:] in "` "
    return f"{ticks} {text} {ticks}" if edge and text.strip() else f"{ticks}{text}{ticks}"


def _ticks(text: str, least: int) -> str:
    """Return a run of backticks longer than any in the text."""
    return "`" * max(least, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))


def destination(url: str) -> str:
    """Escape a URL for use as a link destination."""
    written = re.sub(r"[\\<>()| ]", lambda match: f"%{ord(match[0]):02X}", url)
    # A query such as `&copy=1` would be decoded as an entity.
    return re.sub(r"&(?=#?\w+;)", "&amp;", written)
