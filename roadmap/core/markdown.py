"""Parse and sanitize users' Markdown.

Outputs are `to_html` for pages, `to_tree` for other formats (PDF, Markdown files), `to_excerpt` for
lists and `to_plain_text_on_page` for search results. Long texts are truncated before parsing, and
deep nesting is flattened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from unicodedata import east_asian_width

import nh3
from flask import g
from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from roadmap.core.i18n import _
from roadmap.core.link_hosts import deceptive_host
from roadmap.core.text import complete_url, strip_control_characters

SCHEMES = {"http", "https", "mailto"}
TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# Longer texts are truncated before parsing. The longest form field allows as many characters.
MAX_LENGTH = 20_000
# Parts are lines, table cells, brackets, URLs and pairs of emphasis marks, each as expensive to
# parse as a paragraph. Texts with more parts are shown unparsed.
MAX_PARTS = 1_500
# Limit for all texts of a page. Later texts are shown unparsed.
MAX_PAGE_PARTS = 20_000
# Number of plain characters that cost as much to parse as one part.
CHARACTERS_PER_PART = 40
# The parser counts two levels for a list and its item, so six nested lists are kept.
MAX_BLOCK_DEPTH = 12
# Nested emphasis, which the parser does not limit.
MAX_INLINE_DEPTH = 4
# A short text with thousands of columns would produce tens of thousands of empty cells.
MAX_TABLE_COLUMNS = 40
# For an excerpt, this many times its length is parsed.
EXCERPT_PARSE_FACTOR = 8
# Limit for that text, which is cut further if needed: a portfolio may show 300 excerpts.
MAX_EXCERPT_PARTS = 100

Node = dict[str, Any]

_WIDE_RULE = re.compile(
    rf"^(?=[ \t>:-]*(?:\|[ \t>:-]*){{{MAX_TABLE_COLUMNS + 2}}})[ \t>|:-]+$", re.MULTILINE
)
_EMPHASIS = {"em_open": 1, "strong_open": 1, "s_open": 1, "em_close": -1, "strong_close": -1,
             "s_close": -1}  # fmt: skip
# With HTML disabled these rules match nothing, and trying them takes 7 % of the parse time.
_UNUSED_RULES = ["html_block", "html_inline"]
_BARE_URL = re.compile(
    r"(?<![\w/.@-])(?:(?P<scheme>https?:)//|www\.)[^\W_][^\s<>。，、；：？！「」『』（）《》]*",
    re.IGNORECASE,
)
# Links without a scheme that start with a host. `readme.md` alone is a file.
_HOST = re.compile(r"//|www\.|[^/]+/", re.IGNORECASE)
_TRAILING_PUNCTUATION = "?!.,:;*_~'\""
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_VERBATIM = {"text", "code_inline", "fence", "code_block"}


def has_scheme(address: str) -> bool:
    """Return whether a URL has an allowed scheme. `//host` and relative URLs have none."""
    scheme, colon, rest = address.partition(":")
    return bool(colon and rest) and scheme.lower() in SCHEMES


class _InlineState(StateInline):
    """Allow emphasis to begin and end next to CJK characters, which have no spaces around them.

    CommonMark does not close it between a full stop and a letter, as in `**重点。**这是`.
    """

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 - markdown-it's
        found = super().scanDelims(start, canSplitWord)
        before, after = self.src[start - 1 : start], self.src[start + found.length :][:1]
        if not canSplitWord or not (_is_cjk(before) or _is_cjk(after)):
            return found
        return Scanned(
            found.can_open or bool(after.strip()),
            found.can_close or bool(before.strip()),
            found.length,
        )


def _is_cjk(character: str) -> bool:
    return bool(character) and east_asian_width(character) in "WFH"


class _InlineParser(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _InlineState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.inline = _InlineParser()
    options = {"html": False, "maxNesting": MAX_BLOCK_DEPTH, "linkify": True}
    parser.configure("commonmark", options)
    parser.enable(["table", "strikethrough", "linkify"]).disable(_UNUSED_RULES)
    parser.linkify = _BareUrlFinder()
    return parser


class _BareUrlFinder:
    """Find bare URLs that begin with http:, https: or www.

    Replaces linkify-it-py, which takes 8 seconds for 5,000 repetitions of `www.`.
    """

    def test(self, text: str) -> bool:
        return _BARE_URL.search(text) is not None

    pretest = test

    def match(self, text: str) -> list[SimpleNamespace]:
        return [_read_bare_url(found) for found in _BARE_URL.finditer(text)]

    def match_at_start(self, text: str) -> SimpleNamespace | None:
        found = _BARE_URL.match(text)
        return _read_bare_url(found) if found else None


def _read_bare_url(found: re.Match[str]) -> SimpleNamespace:
    """Return a bare URL with the attributes that markdown-it expects."""
    # Trailing punctuation and an unmatched closing parenthesis are not part of the URL (GFM, 6.9).
    text = found[0]
    surplus = text.count(")") - text.count("(")
    while text[-1] in _TRAILING_PUNCTUATION or (text[-1] == ")" and surplus > 0):
        surplus -= text[-1] == ")"
        text = text[:-1]
    url = text if found["scheme"] else f"http://{text}"
    start = found.start()
    return SimpleNamespace(
        text=text, url=url, index=start, last_index=start + len(text), schema=found["scheme"] or ""
    )


def _truncate(text: str) -> str:
    text = strip_control_characters(text)[:MAX_LENGTH]
    if text.count("|") > MAX_TABLE_COLUMNS:
        text = _WIDE_RULE.sub(lambda rule: rule[0].replace("|", "\\|", 1), text)
    return text


def count_parts(text: str) -> int:
    """Estimate the cost of parsing a text, see MAX_PARTS."""
    ones, pairs = ("\n", "|", "[", "<", "www.", "://"), "*_~`"
    return sum(map(text.count, ones)) + sum(map(text.count, pairs)) // 2


def _parse(text: str, base_level: int) -> list[Token]:
    text = _truncate(text)
    if count_parts(text) > MAX_PARTS:
        return [Token("code_block", "code", 0, content=text)]
    tokens = _parser().parse(text)
    _shift_headings(tokens, base_level)
    _mark_tasks(tokens)
    for token in tokens:
        if token.nesting > 0 and token.level == 0:
            token.attrSet("dir", "auto")
        if token.children:
            links = _resolve_links(_link_images(token.children))
            token.children = _flatten_emphasis(_show_hosts(links))
    return tokens


def _mark_tasks(tokens: list[Token]) -> None:
    """Turn `[x]` and `[ ]` at the start of list items into box characters."""
    for (item, _paragraph), inline in zip(pairwise(tokens), tokens[2:], strict=False):
        if item.type != "list_item_open" or inline.type != "inline" or not inline.children:
            continue
        first = inline.children[0]
        if found := _TASK.match(first.content):
            box = "☐" if found[1] == " " else "☑"
            first.content = f"{box} {first.content[found.end() :]}"
            item.attrSet("class", "task")


def _link_images(tokens: list[Token]) -> list[Token]:
    """Replace images with links and a note, because pages load nothing from other sites.

    An image within a link becomes part of the link's text. A `data:` URL is not shown.
    """
    kept = []
    note = _("image, not loaded from another site")
    depth = 0
    for token in tokens:
        depth += token.nesting * token.type.startswith("link_")
        if token.type != "image":
            kept.append(token)
            continue
        href = str(token.attrs["src"])
        is_data = href.lower().startswith("data:")
        name = Token("text", "", 0, content=token.content or ("" if is_data else href))
        link = Token("link_open", "a", 1, attrs={"href": href}), name, Token("link_close", "a", -1)
        kept += [name] if is_data or depth else link
        kept.append(Token("text", "", 0, content=f" ({note})"))
    return kept


def _resolve_links(tokens: list[Token]) -> list[Token]:
    """Add https:// to links that start with a host. Turn other relative links into text."""
    kept: list[Token] = []
    dropped: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            href = str(token.attrs.get("href", ""))
            if not has_scheme(href) and _HOST.match(href):
                href = complete_url(href)
                token.attrSet("href", href)
            dropped.append("" if has_scheme(href) else href or "#")
            if dropped[-1]:
                continue
        elif token.type == "link_close" and (href := dropped.pop()):
            if not href.startswith("#"):
                kept.append(Token("text", "", 0, content=f" ({href})"))
            continue
        kept.append(token)
    return kept


def _show_hosts(tokens: list[Token]) -> list[Token]:
    """Append the host to links whose text hides it."""
    kept: list[Token] = []
    start, href = 0, ""
    for token in tokens:
        kept.append(token)
        if token.type == "link_open":
            start, href = len(kept), str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            host = deceptive_host(href, "".join(_text_of(kept[start:])))
            if host:
                note = _("goes to %(host)s", host=host)
                kept.append(Token("text", "", 0, content=f" ({note})"))
    return kept


def _shift_headings(tokens: Iterable[Token], base_level: int) -> None:
    """Renumber headings to start at `base_level` and skip no level."""
    open_levels: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            written = int(token.tag[1])
            while open_levels and open_levels[-1] >= written:
                open_levels.pop()
            open_levels.append(written)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, base_level + len(open_levels) - 1)}"


def _flatten_emphasis(tokens: list[Token]) -> list[Token]:
    """Remove emphasis nested deeper than MAX_INLINE_DEPTH, keeping its text."""
    kept = []
    depth = 0
    for token in tokens:
        step = _EMPHASIS.get(token.type, 0)
        # A closing mark belongs to the depth that it closes.
        if not step or depth + (step > 0) <= MAX_INLINE_DEPTH:
            kept.append(token)
        depth += step
    return kept


def to_html(text: str | None, base_level: int = 3, *, breaks: bool = False) -> Markup:
    """Render sanitized HTML with headings from `base_level`. `breaks` keeps line breaks."""
    return _render_sanitized(_parse(text, base_level), breaks=breaks) if text else Markup("")


def to_html_on_page(text: str | None, base_level: int = 3, *, breaks: bool = False) -> Markup:
    """Render like `to_html`, or unparsed once the request's total cost exceeds MAX_PAGE_PARTS."""
    if _exceeds_page_limit(text := text or ""):
        return Markup("<pre>{}</pre>").format(text)
    return to_html(text, base_level, breaks=breaks)


def to_plain_text_on_page(text: str) -> str:
    """Return the text without markup, a dot before each table cell.

    Returns it as typed once the request's total cost exceeds MAX_PAGE_PARTS.
    """
    if _exceeds_page_limit(text):
        return text
    found = []
    previous = ""
    for token in _parse(text, 3):
        words = token.content
        if token.type == "inline":
            words = "".join(_text_of(token.children or ()))
        if words:
            found.append(f"· {words}" if previous in ("th_open", "td_open") else words)
        previous = token.type
    return " ".join(found).removeprefix("· ")


def _exceeds_page_limit(text: str) -> bool:
    """Add the cost of parsing a text to the request's total, and compare that with its limit."""
    cost = max(count_parts(text), len(text) // CHARACTERS_PER_PART)
    g.markdown_parts = g.get("markdown_parts", 0) + cost
    return g.markdown_parts > MAX_PAGE_PARTS


def to_html_and_opening(text: str, base_level: int = 3, limit: int = 200) -> tuple[Markup, Markup]:
    """Return both `to_html` and `to_opening`. A short text is parsed only once."""
    if len(text) > limit * EXCERPT_PARSE_FACTOR:
        return to_html(text, base_level), to_opening(text, limit)
    tokens = _parse(text, base_level)
    return _render_sanitized(tokens), _render_opening(tokens, limit)


def to_opening(text: str, limit: int = 200) -> Markup:
    """Return the first blocks within `limit` characters as sanitized HTML.

    Omits headings and code. If the first block is longer, returns the plain excerpt.
    """
    is_long = len(text) > limit * EXCERPT_PARSE_FACTOR
    return _render_opening(_parse_beginning(text, limit), limit, is_cut=is_long)


def _render_opening(tokens: Sequence[Token], limit: int, *, is_cut: bool = False) -> Markup:
    blocks = _top_level_blocks(tokens)
    kept: list[Token] = []
    length = 0
    # The last block of a cut text may be incomplete.
    for block in blocks[:-1] if is_cut else blocks:
        if block[0].type not in ("heading_open", "fence", "code_block"):
            length += sum(len(token.content) for token in block)
            if length > limit:
                break
            kept += block
    if kept:
        return _render_sanitized(kept)
    excerpt = _excerpt(tokens, limit)
    return Markup('<p dir="auto">{}</p>').format(excerpt) if excerpt else Markup("")


def _top_level_blocks(tokens: Iterable[Token]) -> list[list[Token]]:
    blocks: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            blocks.append([])
        blocks[-1].append(token)
        depth += token.nesting
    return blocks


def _render_sanitized(tokens: Sequence[Token], *, breaks: bool = False) -> Markup:
    parser = _parser()
    # Unpacking loses the types of the parser's options.
    options = OptionsDict({**parser.options, "breaks": breaks})  # type: ignore[typeddict-item]
    html = parser.renderer.render(tokens, options, {})
    clean = nh3.clean(
        html, tags=TAGS,
        attributes={"*": {"dir"}, "a": {"href", "title"}, "li": {"class"}, "ol": {"start"}},
        attribute_filter=_filter_href, url_schemes=SCHEMES, link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return Markup(clean)  # noqa: S704 - sanitized right here


def _filter_href(_tag: str, name: str, value: str) -> str | None:
    """Drop URLs without an allowed scheme. nh3 would let relative URLs and //host pass."""
    return None if name == "href" and not has_scheme(value) else value


def to_tree(text: str | None, base_level: int = 3) -> Node:
    """Parse the text into a JSON tree of limited depth.

    Every node has its markdown-it type `t`. Optional keys are `v` (text), `c` (children), `l`
    (heading level), `href` (link URL, empty without an allowed scheme), `lang` (language of a code
    block), `n` (first number of an ordered list), `tight` (list without space between items) and
    `align` (alignment of a cell). Inline nodes are direct children of their paragraph.
    """
    root: Node = {"t": "root", "c": []}
    open_nodes = [root]
    for token in _parse(text or "", base_level):
        for part in token.children or () if token.type == "inline" else (token,):
            if part.nesting < 0:
                open_nodes.pop()
                continue
            node = _node(part)
            open_nodes[-1].setdefault("c", []).append(node)
            if part.nesting > 0:
                open_nodes.append(node)
            if part.type == "paragraph_open" and part.hidden:
                lists = (each for each in reversed(open_nodes) if each["t"].endswith("_list"))
                next(lists, {})["tight"] = True
    return root


def _node(token: Token) -> Node:
    node: Node = {"t": token.type.removesuffix("_open")}
    if node["t"] in _VERBATIM:
        node["v"] = token.content
    match node["t"]:
        case "heading":
            node["l"] = int(token.tag[1])
        case "link":
            href = str(token.attrs.get("href", ""))
            node["href"] = href if has_scheme(href) else ""
        case "fence":
            node["lang"] = token.info.strip().partition(" ")[0]
        case "ordered_list":
            node["n"] = int(token.attrs.get("start", 1))
        case "th" | "td":
            node["align"] = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return node


def to_excerpt(text: str | None, limit: int = 200) -> str:
    """Return at most `limit` characters of plain text, from prose if there is any."""
    return _excerpt(_parse_beginning(text or "", limit), limit)


def _parse_beginning(text: str, limit: int) -> list[Token]:
    """Parse only as much of a text as an excerpt of `limit` characters needs."""
    text = text[: limit * EXCERPT_PARSE_FACTOR]
    while count_parts(text) > MAX_EXCERPT_PARTS:
        text = text[: len(text) // 2]
    return _parse(text, 3)


def _excerpt(tokens: Iterable[Token], limit: int) -> str:
    prose: list[str] = []
    rest: list[str] = []
    previous = ""
    for token in tokens:
        if token.type == "inline":
            words = "".join(_text_of(token.children or ()))
            (rest if previous == "heading_open" else prose).append(words)
        elif token.type in ("fence", "code_block"):
            rest.append(token.content)
        previous = token.type
    words = " ".join(" ".join(prose if any(prose) else rest).split())
    if len(words) <= limit:
        return words
    kept = words[: limit - 1]
    # Cut within a word only if that word is too long.
    return (kept.rsplit(" ", 1)[0] if " " in words[: limit // 2] else kept) + "…"


def _text_of(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type in ("text", "code_inline"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
