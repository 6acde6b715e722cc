"""Clean and normalize text from forms, commands and the API. Passwords are not cleaned."""

from __future__ import annotations

import re
import unicodedata
import uuid
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from roadmap.core.link_secrets import strip_userinfo

# Names of the local machine.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# Control characters (except tab, line feed and NEL, which are white space), lone surrogates and
# non-characters, which files and databases do not accept.
_CONTROL_CHARACTERS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
)

# What `fold` removes and replaces. Changes need a migration of the stored folded texts.
MARKS = "[\u0300-\u036f]"
LETTERS = dict(zip("øłđðħıŧŋς", "olddhitnσ", strict=True))
LIGATURES = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_MARKS = re.compile(MARKS)
_REPLACEMENTS = str.maketrans(LETTERS | LIGATURES)


MAX_MARKS = 30
# The first combining mark is U+0300.
_POSSIBLE_RUN_OF_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")


def strip_control_characters(text: str) -> str:
    """Remove control characters and lone surrogates, and convert line ends to \n."""
    # Fast path: printable text contains nothing unwanted.
    if text.isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL_CHARACTERS.sub("", text)


def clean_line(text: str | None) -> str:
    """Clean a single line: NFC, single spaces, no passwords in links. Returns "" for None."""
    if not text:
        return ""
    text = strip_userinfo(text)
    # Fast path for exports, which clean thousands of lines.
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    return " ".join(_normalize_unicode(text).split())


def clean_multiline(text: str | None) -> str:
    """Clean a text like `clean_line`, keeping inner white space. Returns "" for None."""
    return strip_userinfo(_normalize_unicode(text).strip())


def clean_url(text: str | None) -> str:
    """Clean a URL without NFC, because servers distinguish composed and decomposed letters."""
    return " ".join(strip_control_characters(text or "").split())


def parse_uuid(text: object) -> uuid.UUID | None:
    """Parse a UUID; return None if it is invalid."""
    try:
        return uuid.UUID(str(text or ""))
    except ValueError:
        return None


# A host with a dot and an alphabetic top-level domain, with an optional port and path.
_WITHOUT_SCHEME = re.compile(r"(?://)?((?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#]\S*)?)")


def complete_url(text: str | None) -> str:
    """Clean a typed or pasted URL: add https://, and remove a user name and password."""
    url = strip_userinfo(clean_url(text))
    found = _WITHOUT_SCHEME.fullmatch(url)
    return f"https://{found[1]}" if found else url


# Digits of any script with separators, and an optional exponent.
_NUMBER = re.compile(r"(\d+)(?:[.,'’ \u00a0\u202f]\d+)*(?:[eE][+-]?(\d+))?")


def contains_number(text: str) -> bool:
    """Return whether a text contains a plausible number: "≈ 1,200", not "fast" or "1e400"."""
    numbers = _NUMBER.findall(text)
    return bool(numbers) and all(
        len(digits) <= 30 and len(exponent) <= 2 for digits, exponent in numbers
    )


def is_orcid(number: str) -> bool:
    """Return whether a text is an ORCID iD with a valid check digit.

    The check digit is ISO 7064 11,2: https://support.orcid.org/hc/en-us/articles/360006897674.
    """
    if not re.fullmatch(r"(?:\d{4}-){3}\d{3}[\dX]", number, re.ASCII):
        return False
    total = 0
    for digit in number.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return number[-1] == ("X" if check == 10 else str(check))


def _normalize_unicode(text: str | None) -> str:
    # Compose after cleaning, which can make a letter and its accent adjacent.
    return normalize("NFC", strip_control_characters(text or ""))


def normalize(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Normalize a text, keeping at most MAX_MARKS combining marks per letter.

    This is the stream-safe limit (UAX 15, section 13). Sorting more marks takes quadratic time.
    """
    if _POSSIBLE_RUN_OF_MARKS.search(text):
        kept, marks = [], 0
        for character in text:
            # Some marks decompose into several.
            parts = unicodedata.normalize("NFKD", character)
            marks = marks + len(parts) if unicodedata.combining(parts[0]) else 0
            if marks <= MAX_MARKS:
                kept.append(character)
        text = "".join(kept)
    return unicodedata.normalize(form, text)


def fold(text: str) -> str:
    """Fold a text for searching and sorting: “Øyvind Ås” becomes “oyvind as”."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", normalize("NFKD", text)).lower().translate(_REPLACEMENTS)


# Hyphens separate words like spaces, so that "Wei Lin" finds Wei-Lin and vice versa.
_SEARCH_TERM = re.compile(r'"([^"]+)"|([^\s"\-\u2010-\u2015]+)')


def search_words(text: str) -> list[str]:
    """Return the first eight folded words of a search. A quoted phrase is one word."""
    found = _SEARCH_TERM.findall(re.sub("[“”„«»]", '"', fold(text)))
    return [word for quoted, alone in found if (word := clean_line(quoted or alone))][:8]


def shorten(text: str, max_length: int = 80) -> str:
    """Truncate a text to `max_length` characters, at a word boundary if possible."""
    if len(text) <= max_length:
        return text
    cut = text[: max_length - 1]
    head, space, _tail = cut.rpartition(" ")
    return f"{head if space and len(head) > max_length // 2 else cut}…"


def format_count(number: int, one: str, many: str) -> str:
    """Return a number with its noun, for untranslated texts of commands."""
    return f"{number} {one if number == 1 else many}"


def split_url(url: str) -> SplitResult | None:
    """Split a URL with a host and a valid port, if any. Returns None for other texts."""
    if any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def ascii_domain(domain: str) -> str:
    """Return a domain in lower case with A-labels (`xn--…`), as sent by browsers.

    A domain that has no such form is case-folded, so that it can still be compared.
    """
    if domain.isascii():
        return domain.lower()
    # Imported late, because few domains need its tables.
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return normalize("NFKC", domain).casefold()
