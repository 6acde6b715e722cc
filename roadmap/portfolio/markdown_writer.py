"""Write Markdown from its tree, so that nothing a person typed can break what is around it.

An unclosed fence ends with its text, headings fit into the outline, and text that only looks like
markup is escaped: other Markdown readers, even those that allow HTML, show what ours shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from roadmap.core.markdown import Node, to_tree
from roadmap.core.text import clean_line

_MARKS = re.compile(r"[\\`*\[\]<>~|]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|[^\S ]")
_LINE_START = re.compile(r"^(?:(#{1,6})(?=\s|$)|([-+=])|(\d{1,9})([.)])(?=\s|$)|(:)(?=-))")
_TICKS = re.compile("`+")


def escape(text: str) -> str:
    """Escape the text of a line, so that it reads as exactly this text."""
    written = _MARKS.sub(_escaped, text)
    return f"{written[:-1]}\\{written[-1]}" if written.endswith(("!", "#")) else written


def _escaped(match: re.Match[str]) -> str:
    mark = match[0]
    # Whitespace other than a space could end the line, or be stripped at its edge.
    return f"&#{ord(mark)};" if mark.isspace() else f"\\{mark}"


def line(text: str) -> str:
    """Escape a title or another single line that stands at the start of a line."""
    return _at_line_start(escape(clean_line(text)))


def _at_line_start(text: str) -> str:
    def guard(match: re.Match[str]) -> str:
        if match[3]:
            return f"{match[3]}\\{match[4]}"
        return f"\\{match[0]}"

    return _LINE_START.sub(guard, text)


def cell(text: str) -> str:
    """Escape a single line for a table cell."""
    return escape(clean_line(text))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a table of cells that are Markdown already; columns in `right` are right-aligned."""
    rule = ["--:" if column in right else "---" for column in range(len(head))]
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
        written.append(_LISTS[previous](node, turned) if previous in _LISTS else _block(node))
    return ("\n" if tight else "\n\n").join(written)


def _block(node: Node) -> str:
    match node["t"]:
        case "heading":
            text = _inline(node.get("c", [])).replace("\\\n", " ").replace("\n", " ")
            return f"{'#' * node['l']} {text}".rstrip()
        case "paragraph":
            return "\n".join(
                _at_line_start(line) for line in _inline(node.get("c", [])).split("\n")
            )
        case "fence" | "code_block":
            return _code(node["v"], node.get("lang", ""))
        case "hr":
            return "---"
        case "blockquote":
            return _indent(_blocks(node.get("c", [])), "> ", "> ").replace("> \n", ">\n")
        case "table":
            return _table(node)
        case _other:
            return _inline([node])


def _code(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    ended = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{fence}{language.replace('`', '')}\n{ended}{fence}"


def _indent(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    blank = others if others.strip() else ""
    return "\n".join(
        [first + lines[0], *(others + line if line else blank for line in lines[1:])]
    ).rstrip(" ")


def _bullets(node: Node, turned: bool) -> str:
    mark = "*" if turned else "-"
    return _items(node, [f"{mark} "] * len(node.get("c", [])))


def _numbers(node: Node, turned: bool) -> str:
    mark = ")" if turned else "."
    return _items(node, [f"{node['n'] + i}{mark} " for i in range(len(node.get("c", [])))])


_LISTS: dict[str, Callable[[Node, bool], str]] = {
    "bullet_list": _bullets,
    "ordered_list": _numbers,
}


def _items(node: Node, marks: Sequence[str]) -> str:
    tight = node.get("tight", False)
    items = (
        _indent(_blocks(item.get("c", []), tight=tight), mark, " " * len(mark))
        for item, mark in zip(node.get("c", []), marks, strict=True)
    )
    return ("\n" if tight else "\n\n").join(items)


def _table(node: Node) -> str:
    rows = [row for part in node.get("c", []) for row in part.get("c", [])]
    cells = [[_inline(cell.get("c", []), cell=True) for cell in row.get("c", [])] for row in rows]
    sides = [cell.get("align", "") for cell in rows[0].get("c", [])]
    rule = [{"right": "--:", "center": ":-:", "left": ":--"}.get(side, "---") for side in sides]
    return "\n".join(f"| {' | '.join(row)} |" for row in (cells[0], rule, *cells[1:]))


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
    inner = node.get("c", [])
    match node["t"]:
        case "text":
            return escape(node["v"])
        case "code_inline":
            return _code_span(node["v"].replace("|", "\\|") if cell else node["v"])
        case "softbreak":
            return "\n"
        case "hardbreak":
            return "\\\n"
        case "em":
            return f"*{_inline(inner, cell=cell)}*"
        case "strong":
            return f"**{_inline(inner, cell=cell)}**"
        case "s":
            return f"~~{_inline(inner, cell=cell)}~~"
        case "link" if node["href"]:
            return f"[{_inline(inner, cell=cell)}]({destination(node['href'])})"
        case _other:
            return _inline(inner, cell=cell)


def _code_span(text: str) -> str:
    ticks = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    edge = text[:1] in "` " or text[-1:] in "` "
    return f"{ticks} {text} {ticks}" if edge and text.strip() else f"{ticks}{text}{ticks}"


def destination(url: str) -> str:
    """Escape a URL for the parentheses of a link."""
    written = re.sub(r"[\\<>()| ]", lambda match: f"%{ord(match[0]):02X}", url)
    # Text that looks like an entity would be read as one.
    return re.sub(r"&(?=#?\w+;)", "&amp;", written)
