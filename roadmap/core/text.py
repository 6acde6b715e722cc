"""What people type, as it is kept: one cleaner for every form, every command and the API.

A text is the same characters whichever way it came in, and however its accents were typed. How
long it may be is asked of what is kept. Passwords are not read here: they stay as they are typed.
"""

from __future__ import annotations

import re
import unicodedata

# Control characters (but tab, line feed and the next line of old terminals, which are white
# space), lone surrogates and what is no character: no file and no database takes all of them.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def strip_control_characters(text: str) -> str:
    """The text without NUL, control characters and lone surrogates, lines ended by \\n."""
    # A single line of ordinary letters is the usual case, and nothing unwanted is printable.
    if text.isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text)


def clean_line(text: str | None) -> str:
    """Text of one line: clean, composed, single spaces between words; empty for none."""
    return " ".join(_normalize_unicode(text).split())


def clean_multiline(text: str | None) -> str:
    """Text of any number of lines: clean, composed, without space around it; empty for none."""
    return _normalize_unicode(text).strip()


def clean_url(text: str | None) -> str:
    """An address in one line. It is not composed: servers tell one form of an accent from another,
    and what a person pasted leads where it led."""
    return " ".join(strip_control_characters(text or "").split())


def _normalize_unicode(text: str | None) -> str:
    # After the cleaning: what stood between a letter and its accent may be gone.
    return unicodedata.normalize("NFC", strip_control_characters(text or ""))
