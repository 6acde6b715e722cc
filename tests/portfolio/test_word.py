"""The Word export, read with mammoth and python-docx."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import docx
import pytest

from roadmap.portfolio.document import Document, clean_texts
from roadmap.portfolio.formats import word
from tests.portfolio.readers import docx_to_html, read_html
from tests.portfolio.sample_documents import ALICE, EMPTY, HOSTILE, RANKER, hostile


def with_description(text: str) -> Document:
    return replace(EMPTY, items=(replace(RANKER, description=text),))


def html(document: Document) -> str:
    return docx_to_html(word.render(document))


def test_document_has_headings_lists_tables_and_links() -> None:
    page = html(ALICE)
    assert re.findall("<h1>(.*?)</h1>", page) == [
        "Measured and verified", "Evidence", "Experience", "Education", "Skills"
    ]  # fmt: skip
    assert re.findall("<h2>(.*?)</h2>", page)[:2] == [item.title for item in ALICE.items[:2]]
    assert "<h3>Options weighed</h3><ul><li><em>Distil the ranker</em>: half" in page
    assert '<a href="https://docs.example.com/calibration">calibration report</a>' in page
    assert "<th><p><strong>Candidates</strong></p></th>" in page
    assert "<ol><li>One now owns feature freshness.</li>" in page
    words = read_html(page)
    assert "Alice Archer" in words
    assert "6 pieces of evidence: 4 verified by 1 person, 2 not verified." in words
    assert words.count("Declared by the author, not verified") == 2


def test_document_uses_named_styles() -> None:
    document = docx.Document(io.BytesIO(word.render(ALICE)))
    used = {paragraph.style.name for paragraph in document.paragraphs if paragraph.style}
    assert {"Title", "Subtitle", "Heading 1", "Heading 2", "Details", "Verified", "Code"} <= used
    assert all(table.style and table.style.name == "Portfolio Table" for table in document.tables)
    assert (document.core_properties.title, document.core_properties.author) == (
        "Portfolio of Alice Archer", "Alice Archer"
    )  # fmt: skip
    footer = document.sections[0].footer._element.xml
    assert re.findall('w:instr="([A-Z]+)"', footer) == ["PAGE", "NUMPAGES"]
    width = document.sections[0].page_width
    assert width is not None
    assert round(width.mm) == 210


def test_lists_have_levels_and_own_start_numbers() -> None:
    document = docx.Document(
        io.BytesIO(
            word.render(
                with_description("- a\n  - b\n\n    more\n\n5. five\n6. six\n\nx\n\n1. one")
            )
        )
    )
    listed = {
        paragraph.text: (number.numId.val, number.ilvl.val)
        for paragraph in document.paragraphs
        if (number := paragraph._p.pPr.numPr) is not None
    }
    assert [listed[each][1] for each in ("a", "b", "five", "six", "one")] == [0, 1, 0, 0, 0]
    assert listed["five"][0] == listed["six"][0] != listed["one"][0]
    numbering = document.part.numbering_part.element
    starts = {num.numId: num.lvlOverride_lst[0].startOverride.val for num in numbering.num_lst
              if num.lvlOverride_lst}  # fmt: skip
    assert (starts[listed["five"][0]], starts[listed["one"][0]]) == (5, 1)


def test_code_block_keeps_line_breaks() -> None:
    code = "if x:\n\treturn  1"
    document = docx.Document(io.BytesIO(word.render(with_description(f"```py\n{code}\n```"))))
    assert [each.text for each in document.paragraphs if each.style.name == "Code"] == [code]


@pytest.mark.parametrize(
    ("text", "is_bidi", "rtl_runs"),
    [
        ("شرحنا كيف: API v2!", True, ["شرحنا كيف: ", "!"]),
        ("ניטור מודלים (A/B).", True, ["ניטור מודלים (", ")."]),
        ("About ניטור מודלים (2).", False, ["ניטור מודלים"]),
        ("plain", False, []),
    ],
)
def test_text_runs_have_own_direction(text: str, is_bidi: bool, rtl_runs: list[str]) -> None:
    document = docx.Document(io.BytesIO(word.render(replace(EMPTY, introduction_md=text))))
    [paragraph] = [each for each in document.paragraphs if each.text == text]
    assert ("<w:bidi/>" in paragraph._p.xml) == is_bidi
    assert [run.text for run in paragraph.runs if "<w:rtl/>" in run._r.xml] == rtl_runs


def test_text_with_many_direction_changes_is_one_run() -> None:
    text = "a א " * 5_000
    document = docx.Document(io.BytesIO(word.render(replace(EMPTY, introduction_md=text))))
    [paragraph] = [each for each in document.paragraphs if len(each.text) > 1_000]
    assert len(paragraph.runs) == 1


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_does_not_change_headings(text: str) -> None:
    item = replace(RANKER, title=text, url=text, role=text, description=text)
    document = clean_texts(
        replace(ALICE, name=text, headline=text, introduction_md=text, items=(item,))
    )
    assert re.search("<h1>Evidence</h1><h2>.+?</h2>", html(document))


def test_hostile_items_are_written() -> None:
    data = word.render(hostile(24))
    assert docx_to_html(data).count("<h2>") >= 24
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert b"javascript:" not in parts.read("word/_rels/document.xml.rels")
