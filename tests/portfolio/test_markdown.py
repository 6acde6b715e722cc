"""The Markdown export is readable as text, and no title or description breaks its structure."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from roadmap.core.markdown import to_html
from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import markdown
from roadmap.portfolio.markdown_writer import inline, line, rewrite, table
from tests.portfolio.sample_documents import ALICE, EMPTY, HOSTILE, RANKER, TODAY, hostile

# A reader that allows HTML and images, unlike `to_html`.
PERMISSIVE_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def headings(text: str) -> list[tuple[str, str]]:
    tokens = PERMISSIVE_READER.parse(text)
    return [
        (token.tag, tokens[index + 1].content)
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def test_export_has_heading_outline() -> None:
    text = markdown.render(ALICE).decode()
    assert headings(text)[:6] == [
        ("h1", "Alice Archer"),
        ("h2", "Measured and verified"),
        ("h2", "Evidence"),
        ("h3", "Two-stage ranking for the home feed"),
        ("h4", "Options weighed"),
        ("h4", "Guardrails"),
    ]
    assert "Design document · 5 Mar 2026 · **Verified by Bob Builder on 3 Apr 2026**" in text
    assert "- Link: <https://docs.example.com/design/feed-ranking>" in text
    assert "| Scale | P95 latency of the feed | 180 → 62 ms | <https://metrics" in text
    assert "> 6 pieces of evidence: 4 verified by 1 person, 2 not verified." in text
    assert text.endswith("|\n")
    assert "\n\n\n" not in text


def test_empty_portfolio_has_note() -> None:
    text = markdown.render(EMPTY).decode()
    assert headings(text) == [("h1", "Alice Archer")]
    assert "No evidence is shown yet." in text


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_title_does_not_change_headings(title: str) -> None:
    named = replace(ALICE, name=title, items=(replace(RANKER, title=title, kind_label=title),))
    found = headings(markdown.render(named).decode())
    assert [tag for tag, _ in found] == [
        tag for tag, _ in headings(markdown.render(replace(ALICE, items=(RANKER,))).decode())
    ]


def test_hostile_html_and_links_are_escaped() -> None:
    text = markdown.render(hostile(24)).decode()
    assert len([tag for tag, _ in headings(text) if tag == "h3"]) >= 24
    rendered = PERMISSIVE_READER.render(text)
    assert not re.findall(r"<(?:script|img|!--|/title|label)", rendered)
    assert not re.findall(r'href="(?!https?:|mailto:)', rendered)


MARKDOWN_VARIANTS = [
    RANKER.description,
    "a\n=\n\nb\n-\n",
    "1. a\n2. b\n\n   c\n3) d",
    "* a\n- b\n+ c",
    "- \n- x",
    "- a\n  1. b\n  2. c\n- d",
    "- a\n\n      code\n- b\n  > q\n\n  - c\n    - d",
    "a  \nb\\\nc",
    "***a** b*",
    "**a *b* c** ~~d~~",
    "`` a`b `` and ` `` `",
    "a | b\n--|:-:\n`x\\|y` | **z**",
    "    code\n\n        more",
    "> q\n> > r\n\nx\n\n> s\n\n> t",
    "snake_case _a_ __b__",
    "[a *b*](https://x.example/y_z?a=1&copy=2) <https://x.example/_a_b> <a@b.example>",
    "1986\\. A\n\n1986\\) B\n\n\\- x\n\n\\+ y\n\n\\# z\n\n\\> q",
    "&nbsp;x &copy; &amp;amp; &#10; y&#32;",
    "**&nbsp;x**",
    "~~~py\n```\n~~~",
    "a\n\n***\n\nb",
    "# h #\n\n### x\\#\n\n#",
    "a\n\\:-\n\na\n\\---",
    "+1\n-1\n=2",
    "![x](https://x.example/i.png)",
    *(text for text in HOSTILE if "unclosed" not in text and "evil" not in text),
]


@pytest.mark.parametrize("text", MARKDOWN_VARIANTS, ids=range(len(MARKDOWN_VARIANTS)))
def test_rewritten_markdown_renders_the_same(text: str) -> None:
    assert to_html(rewrite(text, 3)) == to_html(text)
    assert rewrite(rewrite(text, 3), 3) == rewrite(text, 3)


MARKUP_TEXTS = st.text("ab \n#*_`~[]()<>|-+=:.!\\&;1>\t\u00a0", max_size=40)


@given(MARKUP_TEXTS)
@settings(max_examples=150, deadline=None)
def test_line_text_stays_plain_text_on_one_line(text: str) -> None:
    expected = " ".join(text.split())
    for written in (line(text), f"# {line(text)}", table((inline(text),), [(inline(text),)])):
        tokens = [token for token in PERMISSIVE_READER.parse(written) if token.type == "inline"]
        found = {"".join(part.content for part in token.children or ()) for token in tokens}
        assert found <= {expected}
        kinds = {part.type for token in tokens for part in token.children or ()}
        assert kinds <= {"text"}


@given(MARKUP_TEXTS)
@settings(max_examples=120, deadline=None)
def test_description_does_not_change_outer_headings(text: str) -> None:
    document = Document(
        name="A", generated_on=TODAY, items=(replace(RANKER, description=text),) * 2
    )
    found = headings(markdown.render(document).decode())
    assert [name for tag, name in found if tag in ("h1", "h2")] == [
        "A", "Measured and verified", "Evidence"
    ]  # fmt: skip
    assert [name for tag, name in found if tag == "h3"] == [RANKER.title] * 2
