"""Convert Markdown to plain text, for formats that do not support it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from roadmap.core.markdown import Node, to_tree


def plain_text(markdown: str, *, between: str = "\n") -> str:
    """Return the text without markup; list items and table rows begin with a dash.

    `between` separates list items, table rows and lines of code. Pass an empty line for readers
    that join the lines of a paragraph.
    """
    return _blocks(to_tree(markdown).get("c", []), between) if markdown else ""


def _blocks(nodes: Sequence[Node], between: str, after: str = "\n\n") -> str:
    return after.join(filter(None, (_block(node, between) for node in nodes)))


def _block(node: Node, between: str) -> str:
    inner = node.get("c", [])
    match node["t"]:
        case "fence" | "code_block":
            return str(node["v"]).rstrip("\n").replace("\n", between)
        case "blockquote":
            return _blocks(inner, between)
        case "bullet_list" | "ordered_list":
            items = (_blocks(item.get("c", []), between, between) for item in inner)
            first = node.get("n")
            marks = ["-" if first is None else f"{first + at}." for at in range(len(inner))]
            return _list(items, marks, between)
        case "table":
            rows = [row.get("c", []) for part in inner for row in part.get("c", [])]
            cells = (" · ".join(map(_inline, row)) for row in rows)
            return _list(cells, ["-"] * len(rows), between)
        case _other:
            return _inline(node).strip()


def _list(items: Iterable[str], marks: Sequence[str], between: str) -> str:
    return between.join(
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
