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


def test_pdf_is_accessible_and_reproducible() -> None:
    made = pdf.render(TEMPLATE, {"text": "Hello"}, FONTS, made_on=dt.date(2026, 11, 23))
    assert made.startswith(b"%PDF-1.7")
    assert b"pdfuaid" in made
    assert made == pdf.render(TEMPLATE, {"text": "Hello"}, FONTS, made_on=dt.date(2026, 11, 23))


def test_text_is_not_executed_as_typst() -> None:
    secret = '#read("/etc/passwd") #panic("ran") #import "@preview/x:1.0.0" $ ]] "}'
    assert b"pdfuaid" in pdf.render(TEMPLATE, {"text": secret}, FONTS)


def test_missing_glyph_drops_pdf_ua_but_not_the_pdf() -> None:
    made = pdf.render(TEMPLATE, {"text": "unassigned \u0378"}, FONTS)
    assert made.startswith(b"%PDF")
    assert b"pdfuaid" not in made


def test_characters_missing_in_all_fonts_are_listed() -> None:
    assert pdf.missing_characters("Straße, Ω → ж, \u05d0", FONTS) == ""
    text = "No font has \U0001e2f0, \U0001e4d0\U0001e4d0 or \U0001e2ff."
    assert set(pdf.missing_characters(text, FONTS)) == set("\U0001e2f0\U0001e4d0\U0001e2ff")


def test_template_error_is_reported() -> None:
    with pytest.raises(pdf.PdfError, match="unknown variable: nowhere"):
        pdf.render("#nowhere", {}, FONTS)


def test_rendering_stops_after_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TIMEOUT_SECONDS", 1)
    loop = "for i in range(3000) { for j in range(3000) { for k in range(300) { n = k } } }"
    with pytest.raises(pdf.PdfError, match="given up"):
        pdf.render("#{ let n = 0; " + loop + " }", {}, FONTS)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count this memory")
def test_rendering_stops_at_the_memory_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_MEMORY_BYTES", 150 * 1024**2)
    with pytest.raises(pdf.PdfError):
        pdf.render("#let a = range(30000000)\n#a.len()", {}, FONTS)


def test_renderer_ignores_python_variables_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    assert pdf.render(TEMPLATE, {"text": "Hello"}, FONTS).startswith(b"%PDF")
