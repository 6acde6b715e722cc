"""Convert Markdown to plain text, for formats that do not support it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from roadmap.core.markdown import Node, to_tree


def plain_text(markdown: str, *, separator: str = "\n") -> str:
    """Return the text without markup; list items and table rows begin with a bullet.

    Not with a dash, which a spreadsheet could take for a formula.

    `separator` goes between list items, table rows and lines of code. Pass an empty line for
    readers that join the lines of a paragraph.
    """
    return _blocks(to_tree(markdown).get("c", []), separator) if markdown else ""


def _blocks(nodes: Sequence[Node], separator: str, after: str = "\n\n") -> str:
    return after.join(filter(None, (_block(node, separator) for node in nodes)))


def _block(node: Node, separator: str) -> str:
    inner = node.get("c", [])
    match node["t"]:
        case "fence" | "code_block":
            return str(node["v"]).rstrip("\n").replace("\n", separator)
        case "blockquote":
            return _blocks(inner, separator)
        case "bullet_list" | "ordered_list":
            items = (_blocks(item.get("c", []), separator, separator) for item in inner)
            first = node.get("n")
            marks = ["•" if first is None else f"{first + at}." for at in range(len(inner))]
            return _list(items, marks, separator)
        case "table":
            rows = [row.get("c", []) for part in inner for row in part.get("c", [])]
            cells = (" · ".join(map(_inline, row)) for row in rows)
            return _list(cells, ["•"] * len(rows), separator)
        case _other:
            return _inline(node).strip()


def _list(items: Iterable[str], marks: Sequence[str], separator: str) -> str:
    return separator.join(
        # Continuation lines are indented, unless they are empty.
        re.sub(r"\n(?!\n)", "\n" + " " * (len(mark) + 1), f"{mark} {text}")
        for mark, text in zip(marks, items, strict=True)
    )


def _inline(node: Node) -> str:
    if node["t"] in ("softbreak", "hardbreak"):
        # A line break in the source is only a space in the text.
        return "\n" if node["t"] == "hardbreak" else " "
    text = node.get("v") or "".join(map(_inline, node.get("c", [])))
    href = node.get("href", "")
    # The text of an autolink can lack the scheme.
    is_bare = text in (href, re.sub("^(mailto:|https?://)", "", href))
    return text if is_bare or not href else f"{text} ({href})"
