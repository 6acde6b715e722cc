"""Markdown of people: parsed with HTML off, then sanitized. One parser for the whole product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

SCHEMES = {"http", "https", "mailto"}
TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# What is longer is cut before it is parsed: a page of text is some 3,000 characters.
LONGEST = 200_000
LONGEST_LINE = 20_000
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text without NUL, control characters and lone surrogates, lines ended by \\n."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    return parser.enable(["table", "strikethrough"]).disable("image")


def _bounded(text: str) -> str:
    text = clean(text)[:LONGEST]
    if len(text) > LONGEST_LINE:
        text = "\n".join(line[:LONGEST_LINE] for line in text.split("\n"))
    return text


def to_html(text: str | None, base_level: int = 3) -> Markup:
    """Safe HTML. Headings begin at `base_level`, so that they fit below the page's own."""
    if not text:
        return Markup("")
    tokens = _parser().parse(_bounded(text))
    for token in _headings(tokens):
        level = min(6, int(token.tag[1]) + base_level - 1)
        token.tag = f"h{level}"
    html = _parser().renderer.render(tokens, _parser().options, {})
    return Markup(  # noqa: S704 - sanitized right here
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href", "title"}, "ol": {"start"}},
            attribute_filter=_only_full_links,
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
    )


def _only_full_links(_tag: str, name: str, value: str) -> str | None:
    """Drops an address without one of our schemes: //host and ours would slip through."""
    if name == "href" and value.partition(":")[0].lower() not in SCHEMES:
        return None
    return value


def _headings(tokens: list[Token]) -> Iterator[Token]:
    return (token for token in tokens if token.type in ("heading_open", "heading_close"))


def to_tree(text: str | None) -> dict[str, Any]:
    """The parsed text as JSON values: `t` the node's type, `v` its text, `c` its children.

    Links keep their address only with an allowed scheme.
    """
    return _node(SyntaxTreeNode(_parser().parse(_bounded(text or ""))))


def _node(node: SyntaxTreeNode) -> dict[str, Any]:
    data: dict[str, Any] = {"t": node.type}
    if node.type in ("text", "code_inline", "fence", "code_block"):
        data["v"] = node.content
    if node.type == "link":
        href = str(node.attrs.get("href", ""))
        data["href"] = href if href.partition(":")[0].lower() in SCHEMES else ""
    if node.type == "heading":
        data["l"] = int(node.tag[1])
    if node.children:
        data["c"] = [_node(child) for child in node.children]
    return data


def plain(text: str | None, limit: int = 200) -> str:
    """The words alone, cut at `limit` characters at the end of a word."""
    words = " ".join(
        child.content
        for token in _parser().parse(_bounded(text or "")[: limit * 8])
        if token.type == "inline"
        for child in token.children or ()
        if child.type in ("text", "code_inline")
    )
    words = " ".join(words.split())
    return words if len(words) <= limit else words[:limit].rsplit(" ", 1)[0] + " …"
