"""Markdown as plain text, for readers that know few of its marks or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from roadmap.core.markdown import Node, to_tree


def plain_text(markdown: str) -> str:
    """Return the text without marks; items of lists and rows of tables begin with a dash."""
    return _blocks(to_tree(markdown).get("c", [])) if markdown else ""


def _blocks(nodes: Sequence[Node], between: str = "\n\n") -> str:
    return between.join(filter(None, map(_block, nodes)))


def _block(node: Node) -> str:
    inner = node.get("c", [])
    match node["t"]:
        case "fence" | "code_block":
            return str(node["v"]).rstrip("\n")
        case "blockquote":
            return _blocks(inner)
        case "bullet_list":
            return _list((_blocks(item.get("c", []), "\n") for item in inner), ["-"] * len(inner))
        case "ordered_list":
            marks = [f"{node['n'] + place}." for place in range(len(inner))]
            return _list((_blocks(item.get("c", []), "\n") for item in inner), marks)
        case "table":
            rows = [row.get("c", []) for part in inner for row in part.get("c", [])]
            return _list((" · ".join(map(_inline, row)) for row in rows), ["-"] * len(rows))
        case _other:
            return _inline(node).strip()


def _list(items: Iterable[str], marks: Sequence[str]) -> str:
    return "\n".join(
        f"{mark} {text}".replace("\n", "\n" + " " * (len(mark) + 1))
        for mark, text in zip(marks, items, strict=True)
    )


def _inline(node: Node) -> str:
    if node["t"] in ("softbreak", "hardbreak"):
        return "\n"
    text = node.get("v") or "".join(map(_inline, node.get("c", [])))
    href = node.get("href", "")
    # The text of a bare address can lack the scheme.
    is_bare = text in (href, re.sub("^(mailto:|https?://)", "", href))
    return text if is_bare or not href else f"{text} ({href})"
