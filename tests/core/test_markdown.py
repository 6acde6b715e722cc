"""User Markdown renders to safe, bounded HTML that fits the page's heading structure."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest

from roadmap.core.markdown import to_excerpt, to_html, to_html_and_opening, to_tree

MIB = 1_000_000


def test_inline_marks_lists_and_tables_are_rendered() -> None:
    html = to_html(
        "Cut **p95** by *half*, ~~guessed~~ `measured`.\n\n- one\n- two\n\na|b\n-|-\n1|2"
    )
    assert "<strong>p95</strong>" in html
    assert "<em>half</em>" in html
    assert "<s>guessed</s>" in html
    assert "<code>measured</code>" in html
    assert "<li>one</li>" in html
    assert "<td>2</td>" in html


def test_heading_levels_follow_the_page_without_gaps() -> None:
    html = to_html("# A\n\n#### B\n\n## C\n\n# D")
    assert html.replace(' dir="auto"', "").split() == [
        "<h3>A</h3>", "<h4>B</h4>", "<h4>C</h4>", "<h3>D</h3>",
    ]  # fmt: skip
    deep = to_html("###### Deep\n\n# Top", base_level=6)
    assert deep == '<h6 dir="auto">Deep</h6>\n<h6 dir="auto">Top</h6>\n'


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](java&#10;script:alert(1))",
        "[x](feed:javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "[x](//evil.example)",
        "[x](/account/delete)",
        "[x]: //evil.example\n\n[x]",
        "![x](https://tracker.example/pixel.gif)",
        "```html\" onclick=\"alert(1)\n```",
        "<style>*{display:none}</style>",
        "<p id=main class=top>",
        "&lt;script&gt;",
    ],
)  # fmt: skip
def test_hostile_markup_is_not_rendered(text: str) -> None:
    tags = Tags()
    tags.feed(to_html(text))
    for tag, attributes in tags.found:
        assert tag in {"p", "a", "pre", "code"}
        assert set(attributes) <= {"dir", "href", "rel"}
        assert attributes.get("href", "https:").startswith(("https:", "http:", "mailto:"))


class Tags(HTMLParser):
    """Collect the start tags of a page as a browser sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_links_have_noopener_noreferrer_and_nofollow() -> None:
    html = to_html("[paper](https://example.org/a?b=1&c=2) <mail@example.org>")
    assert 'href="https://example.org/a?b=1&amp;c=2"' in html
    assert 'href="mailto:mail@example.org"' in html
    assert html.count('rel="noopener noreferrer nofollow"') == 2


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[repo](github.com/x/y)", 'href="https://github.com/x/y"'),
        ("[repo](www.example.org)", 'href="https://www.example.org"'),
        ("[repo](//example.org)", 'href="https://example.org"'),
        ("[repo](README.md)", ">repo (README.md)<"),
        ("[repo](docs/setup.md)", ">repo (docs/setup.md)<"),
        ("[repo](ftp://example.org)", ">repo (ftp://example.org)<"),
        ("[repo](#results)", ">repo<"),
        ("[repo]()", ">repo<"),
        ("[![repo](plot.png)](example.org/x)", ">repo (image, not loaded from another site)<"),
    ],
)
def test_link_is_completed_or_rendered_as_text(text: str, html: str) -> None:
    assert html in to_html(text)
    assert re.findall("<a(?! href)", to_html(text)) == []
    assert '"href": ""' not in json.dumps(to_tree(text))


def test_tree_has_headings_lists_tables_and_code() -> None:
    tree = to_tree(
        "# T\n\n3. a [l](https://x.example) *b*\n4. c\n\n|h|\n|-:|\n|d|\n\n```py\ne\n```"
    )
    heading, numbers, table, code = tree["c"]
    assert heading == {"t": "heading", "l": 3, "c": [{"t": "text", "v": "T"}]}
    assert (numbers["n"], numbers["tight"], len(numbers["c"])) == (3, True, 2)
    assert numbers["c"][0]["c"][0]["c"][1]["href"] == "https://x.example"
    assert table["c"][1]["c"][0]["c"][0] == {
        "t": "td", "align": "right", "c": [{"t": "text", "v": "d"}],
    }  # fmt: skip
    assert code == {"t": "fence", "v": "e\n", "lang": "py"}
    assert to_tree(None) == {"t": "root", "c": []}


HOSTILE = {
    "emphasis": "*a " * 170_000 + "b" + " a*" * 170_000,
    "strong in em": "*a **a " * 100_000 + "a** a*" * 60_000,
    "stars": "*" * MIB,
    "brackets": "[" * MIB,
    "links": "[a](" * 250_000,
    "quotes": ">" * MIB,
    "quotes and lists": "> - " * 250_000,
    "lists": "\n".join("  " * depth + "- x" for depth in range(1_400)),
    "ticks": "`a``b" * 200_000,
    "entities": "&amp;" * 200_000,
    "one line": "x" * MIB,
    "empty lines": "\n" * MIB,
    "wide table": "|a" * 9_000 + "|\n" + "|-" * 9_000 + "|\n" + "x\n" * 400_000,
    "wide table without edges": "a|" * 9_000 + "a\n" + "-|" * 9_000 + "-\n" + "x\n" * 400_000,
    "definitions": "".join(f"[a{n}]: http://x.example/{n}\n" for n in range(30_000)),
    "nul": "\x00\ud800" * 500_000,
    "addresses": "www." * 250_000,
    "addresses of one letter": "https://a." * 100_000,
    "table of one column": "|a|\n|-|\n" + "|\n" * 500_000,
    "headings": "# a\n" * 250_000,
    "tasks": "- [ ] a\n" * 100_000,
}


def depth_of(node: dict[str, Any]) -> int:
    return 1 + max((depth_of(child) for child in node.get("c", [])), default=0)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_of_a_megabyte_is_rendered_fast_and_bounded(text: str) -> None:
    began = time.process_time()
    html = to_html(text)
    tree = to_tree(text)
    to_excerpt(text)
    # Enough for a busy machine, far less than quadratic parsing would need.
    assert time.process_time() - began < 1
    assert len(html) < 20 * MIB
    assert depth_of(tree) < 40


def test_text_with_too_many_tokens_is_shown_as_typed() -> None:
    row = "| a | *b* |\n"
    assert to_html("|x|y|\n|-|-|\n" + row * 280).count("<em>b</em>") == 280
    assert to_html(row * 400) == f"<pre><code>{row * 400}</code></pre>\n"


def test_table_has_at_most_40_columns() -> None:
    wide = "|" + "a|" * 40 + "\n|" + "-|" * 40 + "\n|" + "b|" * 40
    assert to_html(wide).count("<td>") == 40
    assert "<td>" not in to_html(wide.replace("|\n", "|x|\n", 1).replace("-|\n", "-|-|\n", 1))


def test_nested_emphasis_is_limited_and_keeps_its_text() -> None:
    html = to_html("*a " * 50 + "middle" + " a*" * 50)
    assert "middle" in html
    assert html.count("<em>") == html.count("</em>") == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        (None, ""),
        ("un**believ**able\nnews", "unbelievable news"),
        ("# Title\n\nText with `code`.\n\n```\nleft out\n```", "Text with code."),
        ("# Only a title", "Only a title"),
        ("```\nonly = code\n```", "only = code"),
        ("one two three four", "one two…"),
        ("w" * 50, "w" * 9 + "…"),
    ],
)
def test_excerpt_is_plain_text_of_limited_length(text: str | None, words: str) -> None:
    assert to_excerpt(text, 10 if len(text or "") in (18, 50) else 60) == words


TABLE = "| Metric | Before |\n|---|---|\n| p99 | 420 ms |"


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("", ""),
        ("# Title\n\nSome *words*.", to_html("Some *words*.")),
        (f"We halved it.\n\n{TABLE}\n\n- a\n- b", to_html(f"We halved it.\n\n{TABLE}\n\n- a\n- b")),
        (f"Short.\n\n{'word ' * 20}", to_html("Short.")),
        ("word " * 20, '<p dir="auto">word word word word word word word word word word word…</p>'),
        ("# Title alone", '<p dir="auto">Title alone</p>'),
        (f"{TABLE}\n\n{'word ' * 2_000}", to_html(TABLE)),
    ],
    ids=["empty", "heading", "table", "next is too long", "first is too long", "title", "long"],
)
def test_opening_has_the_first_blocks_within_the_limit(text: str, opening: str) -> None:
    html, found = to_html_and_opening(text, 4, 60)
    assert html == to_html(text, 4)
    assert found.strip() == opening.strip()


def test_task_lists_have_checkboxes() -> None:
    html = to_html("- [x] design reviewed\n- [ ] rolled out to 100 %\n- [link] kept")
    assert '<li class="task">☑ design reviewed</li>' in html
    assert '<li class="task">☐ rolled out to 100 %</li>' in html
    assert "<li>[link] kept</li>" in html
    assert to_excerpt("- [x] done") == "☑ done"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (
            "See https://dash.example.org/ranker?from=1&to=2 (and www.example.org).",
            ["https://dash.example.org/ranker?from=1&to=2", "http://www.example.org"],
        ),
        ("www.example.org/a_b?c=1, then", ["http://www.example.org/a_b?c=1"]),
        ("readme.md ftp://example.org //example.org alice@example.org `https://example.org`", []),
        ("[paper](https://example.org)", ["https://example.org"]),
        ("www. is a prefix", []),
    ],
)
def test_bare_urls_are_links(text: str, links: list[str]) -> None:
    tags = Tags()
    tags.feed(to_html(text))
    assert [attributes["href"] for tag, attributes in tags.found if tag == "a"] == links


def test_line_breaks_are_kept_on_request() -> None:
    text = "Before: 240 ms\nAfter: 90 ms"
    assert "ms<br>\nAfter" in to_html(text, breaks=True)
    assert "<br>" not in to_html(text)


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("**重点。**这是说明", "<strong>重点。</strong>这是说明"),
        ("**テスト（注）**です", "<strong>テスト（注）</strong>です"),
        ("これは**「強調」**です", "これは<strong>「強調」</strong>です"),
        ("~~旧。~~新", "<s>旧。</s>新"),
        ("** 重点 **这", "** 重点 **这"),
        ("a **b.**c", "a **b.**c"),
        ("snake_重_case", "snake_重_case"),
    ],
)
def test_emphasis_works_next_to_cjk_text(text: str, bold: str) -> None:
    assert bold in to_html(text)


def test_blocks_have_automatic_text_direction() -> None:
    html = to_html("ניטור\n\n- مراقبة\n\n> كيف\n\n# API")
    for tag in ("p", "ul", "blockquote", "h3"):
        assert f'<{tag} dir="auto">' in html


def test_images_are_links_with_an_explanation() -> None:
    html = to_html("![p95 by week](https://example.org/p95.png)")
    assert '<a href="https://example.org/p95.png"' in html
    assert "p95 by week</a> (image, not loaded from another site)" in html
    assert "javascript" not in to_html("![x](javascript:alert(1))").replace("(javascript:", "")
    assert to_excerpt("![p95 by week](https://example.org/p95.png)") == (
        "p95 by week (image, not loaded from another site)"
    )


def test_linked_images_and_data_images_are_text() -> None:
    linked = "[![build](https://example.org/badge.svg)](https://example.org/build)"
    html = to_html(f"{linked} ![](data:image/png;base64,iVBORw0KGgo=)")
    assert re.findall('href="([^"]*)"', html) == ["https://example.org/build"]
    assert "build (image, not loaded from another site)</a>" in html
    assert "base64" not in html
