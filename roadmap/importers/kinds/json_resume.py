"""Import a JSON Resume of any version, including Cairn's own export."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line
from roadmap.evidence.item import LABELLED_TEXTS
from roadmap.evidence.kinds import KINDS
from roadmap.importers.importer import (
    FileImporter,
    ImportFault,
    ParseResult,
    Problem,
    describe_place,
    make_external_id,
)
from roadmap.importers.readers import (
    add_candidate,
    check_entry_count,
    decode_text,
    match_level,
    text_at,
    web_address,
)

# Fields that are read: strings, and strings or lists of strings.
TEXTS = frozenset({"name", "title", "position", "organization", "company", "startDate", "endDate",
                   "date", "releaseDate", "url", "website", "studyType", "area", "studyArea",
                   "institution", "publisher", "issuer", "awarder"})  # fmt: skip
LISTS = frozenset({"summary", "description", "highlights"})
# Number of values with an unexpected type that are listed in the note.
MAX_NAMED_FIELDS = 20
Entry = dict[str, Any]
# A record kind and its raw values.
RawRecord = tuple[str, dict[str, str]]


class JsonResumeImporter(FileImporter):
    key = "json-resume"
    title = _l("JSON Resume")
    summary = _l("Positions, degrees, publications, certificates, projects and awards.")
    steps = (
        _l("Many résumé builders export JSON Resume, usually as resume.json."),
        _l("Exports from another Cairn come back as drafts: a file cannot verify anything."),
    )
    accept = ".json,application/json"

    def load(self, data: bytes) -> list[Any]:
        fault = _("This is not a JSON Resume. Choose a file that ends in .json and "
                  "contains “work” or “education”.")  # fmt: skip
        text = decode_text(data, fault)
        try:
            found = json.loads(text)
        except json.JSONDecodeError as error:
            wrong = _("Line %(line)s is not JSON.", line=error.lineno)
            raise ImportFault(f"{fault} {wrong}") from None
        except (ValueError, RecursionError):
            raise ImportFault(fault) from None
        if not isinstance(found, dict):
            raise ImportFault(fault)
        lines = _lines_of_entries(text)
        records: list[dict[str, Any]] = []
        for section in READERS:
            listed = found.get(section)
            if listed is None:
                continue
            if not isinstance(listed, list):
                records.append({"section": section, "line": lines[section, 0]})
                continue
            for number, entry in enumerate(listed, 1):
                record = {"section": section, "number": number, "line": lines[section, number]}
                if isinstance(entry, dict):
                    record |= {"entry": _limit_depth(entry), "odd": _unsupported_fields(entry)}
                records.append(record)
            check_entry_count(records)
        if not any("entry" in each for each in records):
            problems = [_structure_problem(each) for each in records[:1]]
            raise ImportFault(
                " ".join([fault, *(f"{each.where}: {each.errors[0]}" for each in problems)])
            )
        return records

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        result = ParseResult()
        non_text_fields = []
        for each in records:
            if "entry" not in each:
                result.problems.append(_structure_problem(each))
                continue
            place = _place(each)
            non_text_fields += [f"{place}: “{name}”" for name in each.get("odd", ())]
            record, values = READERS[each["section"]](each["entry"])
            own = text_at(each["entry"], "cairn", "id")
            own_id = make_external_id("cairn", own) if own else ""
            add_candidate(
                result, record, values, source="resume", own_id=own_id, place=place,
                line=each.get("line"), fields_hint=_("“url” or “summary” in the file"),
            )  # fmt: skip
        if non_text_fields:
            if (more := len(non_text_fields) - MAX_NAMED_FIELDS) > 0:
                non_text_fields[MAX_NAMED_FIELDS:] = [_("and %(more)s more", more=more)]
            result.notes.append(
                _(
                    "Left out, because it is not text: %(values)s.",
                    values="; ".join(non_text_fields),
                )
            )
        return result


def _place(record: Mapping[str, Any]) -> str:
    """Return a label with the section name and the number of an entry."""
    if "number" not in record:
        return f"“{record['section']}”"
    return _("“%(section)s”, entry %(number)s", section=record["section"], number=record["number"])


def _structure_problem(record: Mapping[str, Any]) -> Problem:
    """Return the problem for a section that is not a list or an entry that is not an object."""
    text = _("This is not an object {…}.") if "number" in record else _("This is not a list […].")
    return Problem(describe_place(_place(record), record["line"]), [text], record["line"])


def _lines_of_entries(text: str) -> dict[tuple[str, int], int]:
    """Map (section, entry number) to line numbers; number 0 is the section itself.

    The text must be a valid JSON object.
    """
    decoder = json.JSONDecoder()
    lines: dict[tuple[str, int], int] = {}
    line, counted = 1, 0

    def skip(at: int) -> int:
        """Skip whitespace, commas and colons, and return the next position."""
        nonlocal line, counted
        while text[at] in " \t\r\n,:":
            at += 1
        line, counted = line + text.count("\n", counted, at), at
        return at

    at = skip(text.index("{") + 1)
    while text[at] != "}":
        section, at = decoder.raw_decode(text, at)
        at = skip(at)
        number = 0
        lines[section, number] = line
        if text[at] != "[":
            at = skip(decoder.raw_decode(text, at)[1])
            continue
        at = skip(at + 1)
        while text[at] != "]":
            number += 1
            lines[section, number] = line
            at = skip(decoder.raw_decode(text, at)[1])
        at = skip(at + 1)
    return lines


def _unsupported_fields(entry: Entry) -> list[str]:
    non_text_fields = []
    for name, value in entry.items():
        if name in LISTS:
            texts = value if isinstance(value, list) else [value]
            is_read = all(each is None or isinstance(each, str) for each in texts)
        else:
            is_number = isinstance(value, int) and not isinstance(value, bool)
            is_read = name not in TEXTS or value is None or is_number or isinstance(value, str)
        if not is_read:
            non_text_fields.append(name)
    return non_text_fields


def _limit_depth(value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict):
        return (
            {key: _limit_depth(each, depth + 1) for key, each in value.items()}
            if depth < 4
            else None
        )
    if isinstance(value, list):
        return [_limit_depth(each, depth + 1) for each in value[:100]] if depth < 4 else None
    return value if isinstance(value, str | int | bool) else None


def _lines(entry: Entry, *names: str) -> str:
    """Join strings and lists of strings as Markdown paragraphs and bullet lists."""
    parts = []
    for name in names:
        value = entry.get(name)
        if isinstance(value, list):
            parts.append("\n".join(f"- {text}" for each in value if (text := _text(each))))
        else:
            parts.append(_text(value))
    return "\n\n".join(filter(None, parts))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _first(entry: Entry, *names: str) -> str:
    return next((text for name in names if (text := text_at(entry, name))), "")


def _url(entry: Entry) -> str:
    return web_address(_first(entry, "url", "website"))


def _work(entry: Entry) -> RawRecord:
    own = entry.get("cairn")
    values = {
        "title": clean_line(_first(entry, "position", "title")),
        "employer": clean_line(_first(entry, "name", "company")),
        "started_on": text_at(entry, "startDate"),
        "ended_on": text_at(entry, "endDate"),
        "is_ml": "1" if isinstance(own, dict) and own.get("isMachineLearning") is True else "",
        "summary": text_at(own, "summary") or _lines(entry, "summary", "highlights"),
    }
    return "position", values


def _education(entry: Entry) -> RawRecord:
    study = clean_line(text_at(entry, "studyType"))
    values = {
        "level": text_at(entry, "cairn", "level") or match_level(study) or "other",
        "field": clean_line(_first(entry, "area", "studyArea")) or study,
        "institution": clean_line(_first(entry, "institution", "name")),
        "awarded_on": text_at(entry, "endDate"),
    }
    return "degree", values


def _evidence_reader(
    kind: str, *, title: tuple[str, ...], date: tuple[str, ...], issuer: tuple[str, ...] = ()
) -> Callable[[Entry], RawRecord]:
    def read(entry: Entry) -> RawRecord:
        own = entry.get("cairn")
        own_kind = text_at(own, "kind")
        values = {
            "kind": own_kind if own_kind in KINDS else kind,
            "title": clean_line(text_at(own, "title") or _first(entry, *title)),
            "occurred_on": text_at(own, "occurredOn") or _first(entry, *date),
            "url": _url(entry) or text_at(own, "url"),
            "description": text_at(own, "description")
            or _lines(entry, "summary", "description", "highlights")
            or clean_line(_first(entry, "organization", "entity")),
            "role": text_at(own, "role"),
            "issuer": text_at(own, "issuer") or clean_line(_first(entry, *issuer)),
            "issued_on": text_at(own, "issuedOn"),
            "expires_on": text_at(own, "expiresOn"),
            **{name: text_at(own, name) for name in LABELLED_TEXTS},
        }
        return "evidence", values

    return read


READERS: dict[str, Callable[[Entry], RawRecord]] = {
    "work": _work,
    "education": _education,
    "publications": _evidence_reader(
        "publication", title=("name",), date=("releaseDate", "date"), issuer=("publisher",)
    ),
    "certificates": _evidence_reader(
        "certification", title=("name", "title"), date=("date", "startDate"), issuer=("issuer",)
    ),
    "projects": _evidence_reader("other", title=("name",), date=("endDate", "startDate")),
    "volunteer": _evidence_reader(
        "mentoring", title=("position", "organization"), date=("endDate", "startDate")
    ),
    "awards": _evidence_reader(
        "other", title=("title", "name"), date=("date",), issuer=("awarder",)
    ),
}
"""The supported sections, each with the function that converts an entry."""
