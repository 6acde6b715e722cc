"""What the readers of text files have in common: encodings and dates."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import month_names
from roadmap.core.text import clean_line, fold
from roadmap.importers.candidates import ImportFault, Problem

# Byte order marks.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What the end of something says that goes on.
ONGOING = frozenset({"present", "now", "today", "current", "heute", "aktuell", "-", "–"})
_ISO_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ].*")
_UNKNOWN_DAY = re.compile(r"(\d{4})(?:-(\d\d))?-00(?:-00)?")


def decode_text(data: bytes, otherwise: str) -> str:
    """Return the text of a file in UTF-8, UTF-16 or Windows-1252.

    Raises ImportFault with the sentence `otherwise` where it holds no text.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if b"\0" in data:
        raise ImportFault(otherwise)
    try:
        return data.decode()
    except UnicodeDecodeError:
        # It has a letter for almost every byte.
        return data.decode("cp1252", "replace")


def iso_date(text: str) -> str:
    """Return a day, month or year as ISO 8601, "" for nothing or what goes on. Raises ValueError.

    Names of months are those of English, in which sites write their files.
    """
    text = clean_line(text)
    if not text or fold(text) in ONGOING:
        return ""
    if found := _ISO_MOMENT.fullmatch(text):
        text = found[1]
    elif found := _UNKNOWN_DAY.fullmatch(text):
        text = "-".join(part for part in found.groups() if part and part != "00")
    return PartialDate.parse(text, month_names("en")).isoformat()


def set_dates(
    values: dict[str, str], names: Iterable[str], line: int | None = None
) -> list[Problem]:
    """Replace dates as they are written by ISO 8601, and return what is wrong with them."""
    problems = []
    for name in names:
        typed = values.get(name, "")
        try:
            values[name] = iso_date(typed)
        except ValueError:
            problems.append(
                Problem(
                    _("“%(what)s”: “%(typed)s” is not a date. Write a day, month or year: "
                      "15 Mar 2026, Mar 2026 or 2026.",
                      what=clean_line(values.get("title") or values.get("institution"))[:80],
                      typed=typed[:80]),
                    line,
                )
            )  # fmt: skip
    return problems
