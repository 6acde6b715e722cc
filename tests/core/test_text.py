"""Normalization of user input."""

from __future__ import annotations

import time
import unicodedata

import pytest

from roadmap.core.text import (
    clean_line,
    clean_multiline,
    clean_url,
    complete_url,
    contains_number,
    fold,
    normalize,
    strip_control_characters,
)

COMPOSED, DECOMPOSED = "Caf\u00e9", "Cafe\u0301"


def test_control_characters_and_surrogates_are_removed() -> None:
    assert strip_control_characters("a\x00b\ud83dc\x07d\r\ne\rf\tg\x9bh") == "abcd\ne\nf\tgh"
    strip_control_characters("".join(map(chr, range(0x10000)))).encode()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (None, ""),
        (" \r\n\u2003", ""),
        (" one\r\nline\u2028of\x85words\t", "one line of words"),
        (DECOMPOSED, COMPOSED),
        # Removed before composition, so that letter and accent combine.
        ("Cafe\x00\u0301", COMPOSED),
        ("Cafe\ud800\u0301", COMPOSED),
        # Compatibility characters are kept.
        ("10\u00b2 \ufb01elds", "10\u00b2 \ufb01elds"),
        ("\u65e5\u672c\u8a9e \U0001f5ff", "\u65e5\u672c\u8a9e \U0001f5ff"),
    ],
)
def test_clean_line(typed: str | None, kept: str) -> None:
    assert clean_line(typed) == kept
    assert clean_line(clean_line(typed)) == kept


def test_clean_multiline_keeps_line_breaks() -> None:
    typed = f" \r\n{DECOMPOSED}\r\n\r\n  indented\rlast\x00 \n"
    kept = f"{COMPOSED}\n\n  indented\nlast"
    assert clean_multiline(typed) == kept == clean_multiline(kept)
    assert clean_multiline(None) == ""


def test_cleaned_text_is_always_nfc() -> None:
    typed = "".join(chr(code) for code in range(0x20000) if not 0xAC00 <= code < 0xD7A4)
    for kept in (clean_line(typed), clean_multiline(typed)):
        assert unicodedata.is_normalized("NFC", kept)
        kept.encode()


def test_clean_url_keeps_decomposed_characters() -> None:
    assert (
        clean_url(f" https://example.org/{DECOMPOSED}\r\n") == f"https://example.org/{DECOMPOSED}"
    )
    assert clean_url(None) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" example.org/x?y#z ", "https://example.org/x?y#z"),
        ("www.example.org", "https://www.example.org"),
        ("//docs.example.org:8443/a", "https://docs.example.org:8443/a"),
        ("bücher.example/käse", "https://bücher.example/käse"),
        *(
            (text, text)
            for text in (
                *(
                    "https://example.org/x",
                    "http://example.org",
                    "ftp://example.org",
                    "nowhere",
                    "",
                ),
                *(
                    "alice@example.org",
                    "javascript:alert(1)",
                    "mailto:a@example.org",
                    "two words.org",
                ),
                *("10.0.0.1/x", "see example.org", "/evidence", "a..b", "\\\\example.org"),
            )
        ),
    ],
)
def test_complete_url_adds_a_missing_scheme(typed: str, kept: str) -> None:
    assert complete_url(typed) == kept == complete_url(kept)


@pytest.mark.parametrize("marks", ["\u0315\u0300", "\u0f73", "\uff9e\u0300", "\u0344"])
def test_long_runs_of_combining_marks_are_cut_fast(marks: str) -> None:
    typed = "a" + marks * 100_000 + " e\u0301nd"
    began = time.thread_time()
    kept = clean_line(typed)
    assert time.thread_time() - began < 1
    assert kept.endswith(" énd")
    assert len(unicodedata.normalize("NFD", kept)) < 100
    assert clean_line(kept) == kept == clean_multiline(typed)
    for form in ("NFC", "NFKC", "NFKD"):
        normalize(form, typed)
    fold(typed)
    assert time.thread_time() - began < 3


def test_combining_marks_of_languages_are_kept() -> None:
    for written in ("Tiếng Việt", "नमस्ते", "עִבְרִית", "שָׁלוֹם" * 20, "ｶﾞｷﾞ" * 20, "한국어" * 40):
        assert clean_line(written) == unicodedata.normalize("NFC", written)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("1,200", True),
        ("≈ 0.4", True),
        ("-3", True),
        ("1 234,5", True),
        ("3e-6", True),
        ("1e25", True),
        ("9" * 30, True),
        ("٤٢", True),
        ("40k to 60k", True),
        ("fast", False),
        ("", False),
        (" ", False),
        ("1e400", False),
        ("1E+400 %", False),
        ("9" * 31, False),
    ],
)
def test_holds_number(text: str, holds: bool) -> None:
    assert contains_number(text) is holds
