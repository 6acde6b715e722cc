"""The Word export, read with mammoth and python-docx, in both text directions."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import docx
import pytest

from roadmap.portfolio.document import Document, cleaned
from roadmap.portfolio.formats import word
from tests.portfolio.readers import docx_to_html, read_html
from tests.portfolio.sample_documents import ALICE, EMPTY, HOSTILE, RANKER, hostile


def described(text: str) -> Document:
    return replace(EMPTY, items=(replace(RANKER, description=text),))


def html(document: Document) -> str:
    return docx_to_html(word.render(document))


def test_it_has_headings_lists_tables_and_links() -> None:
    read = html(ALICE)
    assert re.findall("<h1>(.*?)</h1>", read) == [
        "Measured and verified", "Evidence", "Experience", "Education", "Skills"
    ]  # fmt: skip
    assert re.findall("<h2>(.*?)</h2>", read)[:2] == [item.title for item in ALICE.items[:2]]
    assert "<h3>Options weighed</h3><ul><li><em>Distil the ranker</em>: half" in read
    assert '<a href="https://docs.example.com/calibration">calibration report</a>' in read
    assert "<th><p><strong>Candidates</strong></p></th>" in read
    assert "<ol><li>One now owns feature freshness.</li>" in read
    words = read_html(read)
    assert "Alice Archer" in words
    assert "6 pieces of evidence: 4 verified by 1 person, 2 not verified." in words
    assert words.count("Declared by the author, not verified") == 2


def test_its_styles_decide_how_it_looks() -> None:
    made = docx.Document(io.BytesIO(word.render(ALICE)))
    used = {paragraph.style.name for paragraph in made.paragraphs if paragraph.style}
    assert {"Title", "Subtitle", "Heading 1", "Heading 2", "Details", "Verified", "Code"} <= used
    assert all(table.style and table.style.name == "Portfolio Table" for table in made.tables)
    assert (made.core_properties.title, made.core_properties.author) == (
        "Portfolio of Alice Archer", "Alice Archer"
    )  # fmt: skip
    footer = made.sections[0].footer._element.xml
    assert re.findall('w:instr="([A-Z]+)"', footer) == ["PAGE", "NUMPAGES"]
    width = made.sections[0].page_width
    assert width is not None
    assert round(width.mm) == 210


def test_the_same_portfolio_gives_the_same_bytes() -> None:
    assert word.render(ALICE) == word.render(ALICE)


def test_lists_have_depth_and_begin_with_their_own_number() -> None:
    made = docx.Document(
        io.BytesIO(
            word.render(described("- a\n  - b\n\n    more\n\n5. five\n6. six\n\nx\n\n1. one"))
        )
    )
    listed = {
        paragraph.text: (number.numId.val, number.ilvl.val)
        for paragraph in made.paragraphs
        if (number := paragraph._p.pPr.numPr) is not None
    }
    assert [listed[each][1] for each in ("a", "b", "five", "six", "one")] == [0, 1, 0, 0, 0]
    assert listed["five"][0] == listed["six"][0] != listed["one"][0]
    numbering = made.part.numbering_part.element
    begins = {num.numId: num.lvlOverride_lst[0].startOverride.val for num in numbering.num_lst
              if num.lvlOverride_lst}  # fmt: skip
    assert (begins[listed["five"][0]], begins[listed["one"][0]]) == (5, 1)


def test_code_keeps_its_lines() -> None:
    code = "if x:\n\treturn  1"
    made = docx.Document(io.BytesIO(word.render(described(f"```py\n{code}\n```"))))
    assert [each.text for each in made.paragraphs if each.style.name == "Code"] == [code]


@pytest.mark.parametrize(
    ("text", "is_bidi", "turned"),
    [
        ("شرحنا كيف: API v2!", True, ["شرحنا كيف: ", "!"]),
        ("ניטור מודלים (A/B).", True, ["ניטור מודלים (", ")."]),
        ("About ניטור מודלים (2).", False, ["ניטור מודלים"]),
        ("plain", False, []),
    ],
)
def test_text_runs_in_its_own_direction(text: str, is_bidi: bool, turned: list[str]) -> None:
    made = docx.Document(io.BytesIO(word.render(replace(EMPTY, introduction_md=text))))
    [paragraph] = [each for each in made.paragraphs if each.text == text]
    assert ("<w:bidi/>" in paragraph._p.xml) == is_bidi
    assert [run.text for run in paragraph.runs if "<w:rtl/>" in run._r.xml] == turned


def test_a_text_that_turns_at_every_letter_is_one_run() -> None:
    text = "a א " * 5_000
    made = docx.Document(io.BytesIO(word.render(replace(EMPTY, introduction_md=text))))
    [paragraph] = [each for each in made.paragraphs if len(each.text) > 1_000]
    assert len(paragraph.runs) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_in_every_place_is_a_text(text: str) -> None:
    item = replace(RANKER, title=text, url=text, role=text, description=text)
    document = cleaned(
        replace(ALICE, name=text, headline=text, introduction_md=text, items=(item,))
    )
    assert re.search("<h1>Evidence</h1><h2>.+?</h2>", html(document))


def test_two_hundred_hostile_pieces_are_written() -> None:
    made = word.render(hostile(200))
    assert html(hostile(20)).count("<h2>") >= 20
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert b"javascript:" not in parts.read("word/_rels/document.xml.rels")
