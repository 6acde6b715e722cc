"""The PDF export is accessible and works for any input."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace

import pypdf
import pytest

from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import pdf
from tests.portfolio.sample_documents import ALICE, EMPTY, HOSTILE, RANKER, hostile, ordinary


@pytest.mark.parametrize(
    "document",
    [ALICE, EMPTY, replace(EMPTY, items=(RANKER,)), ordinary(200)],
    ids=["alice", "empty", "one", "many"],
)
def test_pdf_declares_accessibility(document: Document) -> None:
    data = pdf.render(document)
    assert data.startswith(b"%PDF-1.7")
    assert b"pdfuaid" in data


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_every_field_is_rendered(text: str) -> None:
    everywhere = replace(
        ALICE,
        name=text,
        headline=text,
        introduction_md=text,
        items=(replace(RANKER, title=text, url=text, role=text, description=text),),
    )
    assert pdf.render(everywhere).startswith(b"%PDF")


def test_longest_hostile_portfolio_is_rendered() -> None:
    """60 descriptions of 10,000 characters are MAX_DOCUMENT_LENGTH."""
    assert pdf.render(hostile(60)).startswith(b"%PDF")


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
def test_any_markdown_structure_is_accessible(text: str) -> None:
    shaped = replace(ALICE, introduction_md=text, items=(replace(RANKER, description=text),))
    assert b"pdfuaid" in pdf.render(shaped)


COPIED_TEXT = """```
kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{end}'
git clone https://example.org/team/ranking-service-and-models.git
```

See https://example.org/reports/2026/latency-of-the-ranker.html"""


def test_extracted_text_equals_typed_text() -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff Jr."
    url = "https://docs.example.com/design/feed-ranking/"
    item = replace(RANKER, title="A title_with_a_very_long_name", url=url, description=COPIED_TEXT)
    document = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, name=name, items=(item,)))))
    text = "\n".join(page.extract_text() for page in document.pages)
    for line in (*COPIED_TEXT.splitlines()[1:3], COPIED_TEXT.splitlines()[-1], url, item.title):
        assert line in text
    assert "\u200b" not in text
    assert document.metadata is not None
    assert document.metadata.author == name
    assert name in str(document.outline)


def test_quotation_adds_no_quotation_marks() -> None:
    document = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, introduction_md="> quoted"))))
    lines = document.pages[0].extract_text().splitlines()
    assert "quoted" in lines
    assert not re.search('["“”]', "".join(lines))


@pytest.mark.parametrize("word", ["Wei-Lin's", "Wolfeschlegelsteinhausenberger"])
def test_word_in_heading_is_not_split(word: str) -> None:
    """A heading breaks before a word that fits on a line of its own."""
    items = tuple(replace(RANKER, title=f"{'x ' * length}{word}") for length in range(50))
    document = replace(EMPTY, items=items, sections=("evidence",))
    pages = pypdf.PdfReader(io.BytesIO(pdf.render(document))).pages
    assert sum(page.extract_text().count(word) for page in pages) == len(items)


INTRODUCED = """It is introduced here:

| a | b |
|---|---|
| 1 | 2 |

This is introduced as well:

- one
- two

#### Heading of a part

Last words."""


def test_page_does_not_end_with_heading_or_introduction() -> None:
    items = tuple(replace(RANKER, title=f"Heading {n}", description=INTRODUCED) for n in range(3))
    jobs = [replace(job, title="Heading", summary=INTRODUCED) for job in ALICE.positions * 2]
    document = replace(ALICE, items=items, positions=tuple(jobs))
    sections = ("introduction", "evidence", "experience", "education", "skills")
    # Each introduction moves the page breaks by some lines.
    for lines in range(0, 45, 3):
        text = "Line.\n\n" * lines
        data = pdf.render(replace(document, sections=sections, introduction_md=text))
        for page in pypdf.PdfReader(io.BytesIO(data)).pages:
            # The footer begins with the name.
            last = page.extract_text().rsplit(f"\n{ALICE.name} · page", 1)[0].splitlines()[-1]
            assert not re.search(r"introduced|Heading|Declared|^(Evi|Exp|Edu|Skills$)", last)


def test_long_word_is_wrapped() -> None:
    word = "w" * 300
    document = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, introduction_md=word))))
    lines = document.pages[0].extract_text().splitlines()
    assert "".join(line for line in lines if line.startswith("w")) == word
    assert max(map(len, lines)) < 150


URL = "https://example.org/" + "a/" * 990
LONG_TEXTS = {
    "one word": "x" * 20_000,
    "words without spaces": "\u0444\u044b" * 10_000,
    "many long words": ("x" * 20 + "\n") * 900,
    "long words between marks": ("*" + "x" * 20 + "* ") * 860,
    "code": "`" + "x" * 19_000 + "`",
    "code block": "```\n" + "x" * 19_000 + "\n```",
    "url": URL,
    "cells": "|a|b|\n|-|-|\n|" + "x" * 9_000 + "|" + "y" * 9_000 + "|",
}


@pytest.mark.parametrize("text", LONG_TEXTS.values(), ids=LONG_TEXTS)
def test_long_unbroken_text_is_rendered(text: str) -> None:
    impact = replace(RANKER.impacts[0], source_url=URL)
    item = replace(RANKER, description=text, url=URL, impacts=(impact,))
    assert b"pdfuaid" in pdf.render(replace(EMPTY, introduction_md=text, items=(item,)))


@pytest.mark.parametrize(
    ("text", "is_right_aligned"),
    [
        ("\u05d0\u05d1 (A/B).", True),
        ("**API** \u05d0\u05d1", False),
        ("- 1. \u0634\u0631\u062d!", True),
        ("## \u05d0\u05d1", True),
        ("A \u05d0", False),
        ("```\n\u05d0\n```", False),
    ],
)
def test_text_alignment_follows_first_letter(text: str, is_right_aligned: bool) -> None:
    document = pypdf.PdfReader(io.BytesIO(pdf.render(replace(EMPTY, introduction_md=text))))
    positions = []

    def collect(part: str, page: list[float], text: list[float], *_font: object) -> None:
        if re.search("[\u0590-\u06ff]", part):
            positions.append(page[4] + text[4])

    document.pages[0].extract_text(visitor_text=collect)
    assert positions
    assert (min(positions) > 297) == is_right_aligned


def test_character_is_rendered_or_reported_missing() -> None:
    """Installed fonts depend on the machine."""
    name, title, role = "محمد عبد الله (أبو علي)", "機械学習の運用入門 v2", "발표자 Ωмега"
    text = "中文：模型監控與回滾。 ไทย. Launch 🚀 ✅ 👩🏽‍💻 ניטור מודלים (A/B)."
    item = replace(RANKER, title=title, role=role, description=text)
    document = replace(EMPTY, name=name, items=(item,))
    missing = pdf.missing_characters(document)
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(document)))
    rendered = "".join(page.extract_text() for page in reader.pages)
    typed = {each for each in name + title + role + text if unicodedata.category(each)[0] in "LNS"}
    # Arabic letters may be extracted as presentation forms, and skin tones belong to an emoji.
    rendered += unicodedata.normalize("NFKC", rendered)
    assert {each for each in typed if each not in rendered + missing} <= {"🏽"}
    assert "v2" in rendered
    assert "Ωмега" in rendered
