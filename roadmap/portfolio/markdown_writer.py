"""Write Markdown from its tree, so that nothing a person typed can break what is around it.

An unclosed fence ends with its text, headings fit into the outline, and text that only looks like
markup is escaped: other Markdown readers, even those that allow HTML, show what ours shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from roadmap.core.markdown import Node, to_tree
from roadmap.core.text import clean_line

_MARKS = re.compile(r"[\\`*\[\]<>~|]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|[^\S ]")
# What begins a block: the number of a list item, or the place before a mark.
_LINE_START = re.compile(r"^(?:(\d{1,9})(?=[.)](?:\s|$))|(?=#{1,6}(?:\s|$)|[-+=]|:-))")
_TICKS = re.compile("`+")
_RULES = {"right": "--:", "center": ":-:", "left": ":--"}


def escape(text: str) -> str:
    """Escape the text of a line, so that it reads as exactly this text."""
    written = _MARKS.sub(_escape_mark, text)
    return f"{written[:-1]}\\{written[-1]}" if written.endswith(("!", "#")) else written


def _escape_mark(match: re.Match[str]) -> str:
    # Whitespace other than a space could end the line, or be stripped at its edge.
    return f"&#{ord(match[0])};" if match[0].isspace() else f"\\{match[0]}"


def inline(text: str | None) -> str:
    """Escape a single line for a place within another line, or for a table cell."""
    return escape(clean_line(text))


def line(text: str) -> str:
    """Escape a single line for the start of a line."""
    return _escape_start(inline(text))


def _escape_start(text: str) -> str:
    return _LINE_START.sub(r"\1\\", text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], sides: Sequence[str] = ()) -> str:
    """Return a table of cells that are Markdown already; `sides` aligns the columns."""
    rule = [_RULES.get(side, "---") for side in sides or [""] * len(head)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def rewrite(text: str, base_level: int) -> str:
    """Rewrite a person's Markdown in one spelling, with headings from `base_level` on."""
    return _blocks(to_tree(text, base_level).get("c", []))


def _blocks(nodes: Sequence[Node], *, tight: bool = False) -> str:
    written = []
    # Two lists in a row stay two only if their markers differ.
    turned = False
    previous = ""
    for node in nodes:
        turned = node["t"] == previous and not turned
        previous = node["t"]
        written.append(_block(node, turned))
    return ("\n" if tight else "\n\n").join(written)


def _block(node: Node, turned: bool) -> str:
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
            return _items(node, ["* " if turned else "- "] * len(inner))
        case "ordered_list":
            mark = ")" if turned else "."
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
    # A space at an edge was typed as an entity; as a plain space it would be stripped, or end an
    # emphasis.
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
    """Return more backticks than the text has in a row."""
    return "`" * max(least, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))


def destination(url: str) -> str:
    """Escape a URL for the parentheses of a link."""
    written = re.sub(r"[\\<>()| ]", lambda match: f"%{ord(match[0]):02X}", url)
    # Text that looks like an entity would be read as one.
    return re.sub(r"&(?=#?\w+;)", "&amp;", written)
