"""The PDF export: accessible, stable, and there whatever was written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import pdf
from roadmap.portfolio.formats.registry import FORMATS
from tests.portfolio.sample_documents import ALICE, EMPTY, HOSTILE, RANKER, hostile, ordinary


@pytest.mark.parametrize(
    "document",
    [ALICE, EMPTY, replace(EMPTY, items=(RANKER,)), ordinary(200)],
    ids=["alice", "empty", "one", "many"],
)
def test_it_is_accessible(document: Document) -> None:
    made = pdf.render(document)
    assert made.startswith(b"%PDF-1.7")
    assert b"pdfuaid" in made


def test_the_same_portfolio_gives_the_same_bytes() -> None:
    assert pdf.render(ALICE) == pdf.render(ALICE)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_in_every_place_is_set(text: str) -> None:
    everywhere = replace(
        ALICE,
        name=text,
        headline=text,
        introduction_md=text,
        items=(replace(RANKER, title=text, url=text, role=text, description=text),),
    )
    assert pdf.render(everywhere).startswith(b"%PDF")


def test_two_hundred_hostile_pieces_are_set() -> None:
    assert pdf.render(hostile(200)).startswith(b"%PDF")


NESTED = {
    "lists": "\n".join("   " * depth + "- x" for depth in range(30)),
    "quotes": "> " * 30 + "x",
    "quotes and lists": "> - " * 30 + "x",
    "emphasis": "*a **b " * 20 + "c" + "** *" * 20,
    "numbers": "999999999. x\n1000000000. y",
    "empty items": "-\n-\n\n1.\n\n>\n\n#\n",
    "wide table": "|a" * 30 + "|\n" + "|-" * 30 + "|\n" + "|b" * 30 + "|",
    "odd languages": "```{=html}\nx\n```\n\n```" + "y" * 300 + "\nz\n```\n\n```rust x\n1\n```",
    "long link": f"[x](https://e.example/{'a' * 9_000})",
    "empty link": "[](https://e.example) <mailto:a@b.example>",
    "headings": "###### a\n\n# b\n\n### c",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_any_shape_of_description_is_accessible(text: str) -> None:
    shaped = replace(ALICE, introduction_md=text, items=(replace(RANKER, description=text),))
    assert b"pdfuaid" in pdf.render(shaped)


def test_every_format_is_in_the_registry_and_writes() -> None:
    starts = {"pdf": b"%PDF", "site": b"PK", "markdown": b"# Alice", "json-resume": b"{"}
    assert set(starts) <= set(FORMATS)
    for key, format_ in FORMATS.items():
        assert format_.key == key
        assert format_.render(ALICE).startswith(starts.get(key, b""))
        assert format_.render(ALICE) == format_.render(ALICE) != format_.render(EMPTY)
        assert str(format_.title)
