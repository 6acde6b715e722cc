"""The PDF export: accessible, stable, and produced for any input."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace

import pypdf
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


COPIED = """```
kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{end}'
git clone https://example.org/team/ranking-service-and-models.git
```

See https://example.org/reports/2026/latency-of-the-ranker.html"""


def test_copied_text_is_what_was_typed() -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff Jr."
    url = "https://docs.example.com/design/feed-ranking/"
    item = replace(RANKER, title="A title_with_a_very_long_name", url=url, description=COPIED)
    made = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, name=name, items=(item,)))))
    text = "\n".join(page.extract_text() for page in made.pages)
    for line in (*COPIED.splitlines()[1:3], COPIED.splitlines()[-1], url, item.title):
        assert line in text
    assert "\u200b" not in text
    assert made.metadata is not None
    assert made.metadata.author == name
    assert name in str(made.outline)


def test_a_quotation_gets_no_marks_that_nobody_typed() -> None:
    made = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, introduction_md="> quoted"))))
    lines = made.pages[0].extract_text().splitlines()
    assert "quoted" in lines
    assert not re.search('["“”]', "".join(lines))


def test_a_long_word_is_broken_where_it_does_not_fit() -> None:
    word = "w" * 300
    made = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, introduction_md=word))))
    lines = made.pages[0].extract_text().splitlines()
    assert "".join(line for line in lines if line.startswith("w")) == word
    assert max(map(len, lines)) < 150


URL = "https://example.org/" + "a/" * 990
LONG = {
    "one word": "x" * 20_000,
    "words without spaces": "\u0444\u044b" * 10_000,
    "many long words": ("x" * 20 + "\n") * 900,
    "long words between marks": ("*" + "x" * 20 + "* ") * 860,
    "code": "`" + "x" * 19_000 + "`",
    "a block of code": "```\n" + "x" * 19_000 + "\n```",
    "an address": URL,
    "cells": "|a|b|\n|-|-|\n|" + "x" * 9_000 + "|" + "y" * 9_000 + "|",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_text_of_many_places_to_break_is_set(text: str) -> None:
    impact = replace(RANKER.impacts[0], source_url=URL)
    item = replace(RANKER, description=text, url=URL, impacts=(impact,))
    assert b"pdfuaid" in pdf.render(replace(EMPTY, introduction_md=text, items=(item,)))


@pytest.mark.parametrize(
    ("text", "is_at_right"),
    [
        ("\u05d0\u05d1 (A/B).", True),
        ("**API** \u05d0\u05d1", False),
        ("- 1. \u0634\u0631\u062d!", True),
        ("## \u05d0\u05d1", True),
        ("A \u05d0", False),
        ("```\n\u05d0\n```", False),
    ],
)
def test_text_begins_at_the_side_of_its_first_letter(text: str, is_at_right: bool) -> None:
    made = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, introduction_md=text))))
    places = []

    def note(part: str, page: list[float], text: list[float], *_font: object) -> None:
        if re.search("[\u0590-\u06ff]", part):
            places.append(page[4] + text[4])

    made.pages[0].extract_text(visitor_text=note)
    assert places
    assert (min(places) > 297) == is_at_right


def test_every_format_is_in_the_registry_and_writes() -> None:
    starts = {"pdf": b"%PDF", "site": b"PK", "markdown": b"# Alice", "json-resume": b"{"}
    assert set(starts) <= set(FORMATS)
    for key, format_ in FORMATS.items():
        assert format_.key == key
        assert format_.render(ALICE).startswith(starts.get(key, b""))
        assert format_.render(ALICE) == format_.render(ALICE) != format_.render(EMPTY)
        assert str(format_.title)


def test_a_character_is_set_or_named_before() -> None:
    """In names and titles as well; which fonts there are depends on the machine."""
    name, title, role = "محمد عبد الله (أبو علي)", "機械学習の運用入門 v2", "발표자 Ωмега"
    text = "中文：模型監控與回滾。 ไทย. Launch 🚀 ✅ 👩🏽‍💻 ניטור מודלים (A/B)."
    item = replace(RANKER, title=title, role=role, description=text)
    document = replace(EMPTY, name=name, items=(item,))
    lacking = pdf.missing_characters(document)
    made = pypdf.PdfReader(io.BytesIO(pdf.render(document)))
    said = "".join(page.extract_text() for page in made.pages)
    shown = {each for each in name + title + role + text if unicodedata.category(each)[0] in "LNS"}
    # Arabic letters may come as their presentation forms, and skin tones are part of an emoji.
    said += unicodedata.normalize("NFKC", said)
    assert {each for each in shown if each not in said + lacking} <= {"🏽"}
    assert "v2" in said
    assert "Ωмега" in said
