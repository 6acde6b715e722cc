"""Markdown is converted to plain text with every word."""

from __future__ import annotations

import pytest

from roadmap.portfolio.plain_text import plain_text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("", ""),
        ("one\ntwo  \nthree", "one two\nthree"),
        ("# A\n## B\ntext\n\n---\n", "A\n\nB\n\ntext"),
        ("a **b *c*** ~~d~~ `e*`", "a b c d e*"),
        ("[x](https://a.example) <https://b.example>", "x (https://a.example) https://b.example"),
        ("[x](javascript:alert) <mailto:a@b.example>", "[x](javascript:alert) mailto:a@b.example"),
        ("- a\n  - b\n- c\n\n  d", "• a\n  • b\n• c\n  d"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("> quoted\n> - a", "quoted\n\n• a"),
        ("|a|b|\n|-|-|\n|1|*2*|", "• a · b\n• 1 · 2"),
        ("```py\nif x:\n    y\n```", "if x:\n    y"),
    ],
)
def test_plain_text_removes_markup(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text


def test_plain_text_can_separate_lines_with_empty_lines() -> None:
    text = "one\ntwo\n\n- a\n  - b\n- c\n\n```\nx\ny\n```"
    assert plain_text(text, separator="\n\n") == "one two\n\n• a\n\n  • b\n\n• c\n\nx\n\ny"
