"""Clean typed text for every form, command and the API; passwords stay as typed."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from roadmap.core.link_secrets import strip_userinfo

# What this machine calls itself.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# Control characters (except tab, line feed and NEL, which are white space), lone surrogates and
# non-characters: no file and no database accepts all of them.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

# What `fold` leaves out and replaces. A change of it needs a migration of what is stored folded.
MARKS = "[\u0300-\u036f]"
LETTERS = dict(zip("øłđðħıŧŋς", "olddhitnσ", strict=True))
LIGATURES = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_MARKS = re.compile(MARKS)
_PLAIN = str.maketrans(LETTERS | LIGATURES)


MAX_MARKS = 30
# The first combining mark is U+0300.
_POSSIBLE_RUN_OF_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")


def strip_control_characters(text: str) -> str:
    """Return the text without NUL, control characters and lone surrogates, with \n line ends."""
    # The usual case is fast: nothing unwanted is printable.
    if text.isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text)


def clean_line(text: str | None) -> str:
    """Clean a single line: NFC, single spaces between words, no passwords in links; "" for None."""
    if not text:
        return ""
    text = strip_userinfo(text)
    # Most lines are plain already, and an export cleans thousands of them.
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    return " ".join(_normalize_unicode(text).split())


def clean_multiline(text: str | None) -> str:
    """Clean a text of several lines like a single one, but for its spaces; "" for None."""
    return strip_userinfo(_normalize_unicode(text).strip())


def clean_url(text: str | None) -> str:
    """Clean a URL without composing it: servers distinguish the forms of an accent."""
    return " ".join(strip_control_characters(text or "").split())


# A host with a dot and a name at its end, then a port, a path or nothing.
_WITHOUT_SCHEME = re.compile(r"(?://)?((?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#]\S*)?)")


def complete_url(text: str | None) -> str:
    """Clean a URL as it is typed or pasted: https:// is added, a name and password are removed."""
    url = strip_userinfo(clean_url(text))
    found = _WITHOUT_SCHEME.fullmatch(url)
    return f"https://{found[1]}" if found else url


# Digits of any script with their separators, and the power of ten behind them.
_NUMBER = re.compile(r"(\d+)(?:[.,'’ \u00a0\u202f]\d+)*(?:[eE][+-]?(\d+))?")


def holds_number(text: str) -> bool:
    """Tell whether a text holds a number that can be measured: "≈ 1,200", not "fast" or "1e400"."""
    numbers = _NUMBER.findall(text)
    return bool(numbers) and all(
        len(digits) <= 30 and len(exponent) <= 2 for digits, exponent in numbers
    )


def is_orcid(number: str) -> bool:
    """Return whether a number has the form of an ORCID iD and its check digit.

    ISO 7064 11,2, as https://support.orcid.org/hc/en-us/articles/360006897674 describes it.
    """
    if not re.fullmatch(r"(?:\d{4}-){3}\d{3}[\dX]", number, re.ASCII):
        return False
    total = 0
    for digit in number.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return number[-1] == ("X" if check == 10 else str(check))


def _normalize_unicode(text: str | None) -> str:
    # Compose after cleaning, which may bring a letter and its accent together.
    return normalize("NFC", strip_control_characters(text or ""))


def normalize(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return the text in a Unicode normalization form, with at most MAX_MARKS marks on a letter.

    That many are stream-safe (UAX 15, section 13); sorting more takes quadratic time.
    """
    if _POSSIBLE_RUN_OF_MARKS.search(text):
        kept, marks = [], 0
        for character in text:
            # Some decompose into several marks.
            parts = unicodedata.normalize("NFKD", character)
            marks = marks + len(parts) if unicodedata.combining(parts[0]) else 0
            if marks <= MAX_MARKS:
                kept.append(character)
        text = "".join(kept)
    return unicodedata.normalize(form, text)


def fold(text: str) -> str:
    """Return the text as it is searched and sorted by: “Øyvind Ås” as “oyvind as”."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", normalize("NFKD", text)).lower().translate(_PLAIN)


# A hyphen separates words as a space does: one finds Wei-Lin by "Wei Lin", and the other way round.
_SEARCHED = re.compile(r'"([^"]+)"|([^\s"\-\u2010-\u2015]+)')


def search_words(text: str) -> list[str]:
    """Return the first eight folded words of a search; words in quotes are one."""
    found = _SEARCHED.findall(re.sub("[“”„«»]", '"', fold(text)))
    return [word for quoted, alone in found if (word := clean_line(quoted or alone))][:8]


def shorten(text: str, most: int = 80) -> str:
    """Shorten a text: cut at a word where it has more than `most` characters."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    head, space, _tail = cut.rpartition(" ")
    return f"{head if space and len(head) > most // 2 else cut}…"


def count_of(number: int, one: str, many: str) -> str:
    """Return a number with its noun, for commands, whose texts are not translated."""
    return f"{number} {one if number == 1 else many}"


def split_url(url: str) -> SplitResult | None:
    """Split a URL that has a host and, if any, a numeric port; None for other texts."""
    if any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def ascii_domain(domain: str) -> str:
    """Return a domain as mail servers and browsers send it: lower case, A-labels (`xn--…`).

    One that has no such form is returned folded, so that it can still be compared.
    """
    if domain.isascii():
        return domain.lower()
    # Few domains need its tables.
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return normalize("NFKC", domain).casefold()
