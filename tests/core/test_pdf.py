"""PDFs treat user text as data, are accessible where possible, and are always produced."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest

from roadmap.core import pdf

FONTS = Path(pdf.__file__).parents[1] / "portfolio" / "formats" / "fonts"
TEMPLATE = """
#let d = json(bytes(sys.inputs.data))
#set document(title: d.text)
#set text(lang: "en")
= Title
#d.text
"""


def test_it_is_accessible_and_always_the_same() -> None:
    made = pdf.render(TEMPLATE, {"text": "Hello"}, FONTS, made_on=dt.date(2026, 11, 23))
    assert made.startswith(b"%PDF-1.7")
    assert b"pdfuaid" in made
    assert made == pdf.render(TEMPLATE, {"text": "Hello"}, FONTS, made_on=dt.date(2026, 11, 23))


def test_text_is_never_a_command() -> None:
    secret = '#read("/etc/passwd") #panic("ran") #import "@preview/x:1.0.0" $ ]] "}'
    assert b"pdfuaid" in pdf.render(TEMPLATE, {"text": secret}, FONTS)


def test_a_character_without_a_shape_costs_the_standard_not_the_file() -> None:
    made = pdf.render(TEMPLATE, {"text": "unassigned \u0378"}, FONTS)
    assert made.startswith(b"%PDF")
    assert b"pdfuaid" not in made


def test_characters_that_no_font_has_are_named() -> None:
    assert pdf.missing_characters("Straße, Ω → ж, \u05d0", FONTS) == ""
    text = "No font has \U0001e2f0, \U0001e4d0\U0001e4d0 or \U0001e2ff."
    assert set(pdf.missing_characters(text, FONTS)) == set("\U0001e2f0\U0001e4d0\U0001e2ff")


def test_a_broken_template_says_what_is_wrong() -> None:
    with pytest.raises(pdf.PdfError, match="unknown variable: nowhere"):
        pdf.render("#nowhere", {}, FONTS)


def test_a_document_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TIMEOUT_SECONDS", 1)
    loop = "for i in range(3000) { for j in range(3000) { for k in range(300) { n = k } } }"
    with pytest.raises(pdf.PdfError, match="given up"):
        pdf.render("#{ let n = 0; " + loop + " }", {}, FONTS)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count this memory")
def test_a_document_that_takes_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_MEMORY_BYTES", 150 * 1024**2)
    with pytest.raises(pdf.PdfError):
        pdf.render("#let a = range(30000000)\n#a.len()", {}, FONTS)


def test_nothing_of_the_server_reaches_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    assert pdf.render(TEMPLATE, {"text": "Hello"}, FONTS).startswith(b"%PDF")
