"""What the readers of files and answers have in common.

Both are hostile: a file may have any encoding, and a value any type.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import month_names
from roadmap.core.text import clean_line, complete_url, fold, strip_control_characters
from roadmap.evidence.rules import is_web_address
from roadmap.importers.importer import Candidate, ImportFault, Problem, Reading, make_external_id
from roadmap.importers.records import MAX_CANDIDATES, RECORDS

MAX_TEXT = 20_000
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


def add_candidate(
    reading: Reading,
    record: str,
    values: dict[str, str],
    dates: Iterable[str],
    *,
    source: str,
    own_id: str = "",
    line: int | None = None,
) -> None:
    """Add a record to a reading, or a problem where one of its dates cannot be read.

    Without an id of its own it is told apart by its `source` and what identifies such a record.
    """
    if problems := set_dates(values, dates, line):
        reading.problems += problems
        return
    parts = [fold(values.get(name, "")) for name in RECORDS[record].identity]
    external_id = own_id or make_external_id(source, record, *parts)
    reading.candidates.append(Candidate(record, external_id, values, line=line))


def check_number(entries: Sequence[Any]) -> None:
    """Raise ImportFault for more entries than can be imported from one file."""
    if len(entries) > MAX_CANDIDATES:
        raise ImportFault(
            _("The file has more than %(most)s entries, the most that can be imported from one.",
              most=MAX_CANDIDATES)
        )  # fmt: skip


def web_address(text: str) -> str:
    """Return a web address as it is typed or pasted, "" for anything else."""
    url = complete_url(text)
    return url if is_web_address(url) else ""


def load_json(data: bytes, otherwise: str) -> Any:
    """Return what a file holds. Raises ImportFault with the sentence `otherwise`."""
    try:
        return json.loads(decode_text(data, otherwise))
    except (ValueError, RecursionError):
        raise ImportFault(otherwise) from None


def as_text(value: Any) -> str:
    """Return a text or number as a text, "" for anything else."""
    if isinstance(value, str):
        return strip_control_characters(value[:MAX_TEXT]).strip()
    is_number = isinstance(value, int) and not isinstance(value, bool)
    # Python refuses to write very long numbers.
    return str(value) if is_number and abs(value) < 10**15 else ""


def text_at(value: Any, *path: str) -> str:
    """Return the text below some keys, "" where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return as_text(value)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, [] for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
