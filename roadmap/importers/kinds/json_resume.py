"""A JSON Resume of any version, also one that this product wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.text import clean_line
from roadmap.evidence.kinds import KINDS
from roadmap.importers.importer import (
    FileImporter,
    ImportFault,
    Reading,
    make_external_id,
)
from roadmap.importers.kinds.csv_file import match_level
from roadmap.importers.readers import (
    add_candidate,
    check_number,
    load_json,
    objects,
    text_at,
    web_address,
)

Entry = dict[str, Any]
# A record, its values as they are written, and its dates.
Found = tuple[str, dict[str, str], tuple[str, ...]]


class JsonResumeImporter(FileImporter):
    key = "json-resume"
    title = _l("JSON Resume")
    summary = _l("Positions, degrees, publications, certificates, projects and awards.")
    steps = (
        _l("Many builders of résumés export JSON Resume, usually as resume.json."),
        _l("What another Cairn exported comes back as drafts: nothing is verified by a file."),
    )
    accept = ".json,application/json"

    def load(self, data: bytes) -> list[Any]:
        fault = _("This is not a JSON Resume. It is a file that ends in .json, with “work” or "
                  "“education” in it.")  # fmt: skip
        found = load_json(data, fault)
        if not isinstance(found, dict):
            raise ImportFault(fault)
        records = [
            {"section": name, "entry": _small(entry)}
            for name in READERS
            for entry in objects(found.get(name))
        ]
        if not records:
            raise ImportFault(fault)
        check_number(records)
        return records

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> Reading:
        reading = Reading()
        for each in records:
            for record, values, dates in READERS[each["section"]](each["entry"]):
                own = text_at(each["entry"], "cairn", "id")
                own_id = make_external_id("cairn", own) if own else ""
                add_candidate(reading, record, values, dates, source="resume", own_id=own_id)
        return reading


def _small(value: Any, depth: int = 0) -> Any:
    """Return an entry without what is nested deeper than any entry is."""
    if isinstance(value, dict):
        return {key: _small(each, depth + 1) for key, each in value.items()} if depth < 4 else None
    if isinstance(value, list):
        return [_small(each, depth + 1) for each in value[:100]] if depth < 4 else None
    return value if isinstance(value, str | int | bool) else None


def _lines(entry: Entry, *names: str) -> str:
    """Return texts and lists of texts as Markdown, a list below each text."""
    parts = []
    for name in names:
        value = entry.get(name)
        if isinstance(value, list):
            parts.append("\n".join(f"- {text}" for each in value if (text := _text(each))))
        else:
            parts.append(_text(value))
    return "\n\n".join(filter(None, parts))[:20_000]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _first(entry: Entry, *names: str) -> str:
    return next((text for name in names if (text := text_at(entry, name))), "")


def _url(entry: Entry) -> str:
    return web_address(_first(entry, "url", "website"))


def _work(entry: Entry) -> Iterator[Found]:
    own = entry.get("cairn")
    values = {
        "title": clean_line(_first(entry, "position", "title")),
        "employer": clean_line(_first(entry, "name", "company")),
        "started_on": text_at(entry, "startDate"),
        "ended_on": text_at(entry, "endDate"),
        "is_ml": "1" if isinstance(own, dict) and own.get("isMachineLearning") is True else "",
        "summary": text_at(own, "summary") or _lines(entry, "summary", "highlights"),
    }
    yield "position", values, ("started_on", "ended_on")


def _education(entry: Entry) -> Iterator[Found]:
    study = clean_line(text_at(entry, "studyType"))
    values = {
        "level": text_at(entry, "cairn", "level") or match_level(study) or "other",
        "field": clean_line(_first(entry, "area", "studyArea")) or study,
        "institution": clean_line(_first(entry, "institution", "name")),
        "awarded_on": text_at(entry, "endDate"),
    }
    yield "degree", values, ("awarded_on",)


def _piece(
    kind: str, *, title: tuple[str, ...], date: tuple[str, ...], issuer: tuple[str, ...] = ()
) -> Callable[[Entry], Iterator[Found]]:
    def read(entry: Entry) -> Iterator[Found]:
        own = entry.get("cairn")
        said = text_at(own, "kind")
        values = {
            "kind": said if said in KINDS else kind,
            "title": clean_line(text_at(own, "title") or _first(entry, *title))[:200],
            "occurred_on": text_at(own, "occurredOn") or _first(entry, *date),
            "url": _url(entry) or text_at(own, "url"),
            "description": text_at(own, "description")
            or _lines(entry, "summary", "description", "highlights"),
            "role": text_at(own, "role"),
            "issuer": text_at(own, "issuer") or clean_line(_first(entry, *issuer))[:200],
            "issued_on": text_at(own, "issuedOn"),
            "expires_on": text_at(own, "expiresOn"),
        }
        yield "evidence", values, ("occurred_on", "issued_on", "expires_on")

    return read


READERS: dict[str, Callable[[Entry], Iterator[Found]]] = {
    "work": _work,
    "education": _education,
    "publications": _piece(
        "publication", title=("name",), date=("releaseDate", "date"), issuer=("publisher",)
    ),
    "certificates": _piece(
        "certification", title=("name", "title"), date=("date", "startDate"), issuer=("issuer",)
    ),
    "projects": _piece("other", title=("name",), date=("endDate", "startDate")),
    "volunteer": _piece(
        "mentoring", title=("position", "organization"), date=("endDate", "startDate")
    ),
    "awards": _piece("other", title=("title", "name"), date=("date",), issuer=("awarder",)),
}
"""The sections that are read, each with how an entry is."""
