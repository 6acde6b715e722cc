"""Import a LEAP2A portfolio, the Atom-based export format of systems such as Mahara."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import nh3

from roadmap.core.i18n import _, _l, ngettext
from roadmap.core.text import clean_line, clean_multiline
from roadmap.core.zip_reader import ZipReader, ZipRefused
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.rules import is_web_address
from roadmap.importers.importer import (
    FileImporter,
    ImportFault,
    ParseResult,
    make_external_id,
)
from roadmap.importers.readers import MAX_TEXT, add_candidate, check_entry_count, match_level

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
LEAP = "{http://terms.leapspecs.org/}"
FEED = "leap2a.xml"
MAX_MEMBERS = 5_000
MAX_BYTES = 10_000_000
KIND_SCHEME = "urn:cairn:kind#"
# Default evidence kind by entry type. The user can change it in the preview.
KIND_BY_TYPE = {
    "achievement": "other",
    "activity": "other",
    "meeting": "talk",
    "publication": "publication",
    "resource": "other",
}
# Entry types that are not imported, but counted in a note.
IGNORED_TYPES = ("ability", "plan", "selection")


class Leap2aImporter(FileImporter):
    key = "leap2a"
    title = _l("LEAP2A")
    summary = _l("Positions, degrees, publications, achievements and activities from a portfolio.")
    steps = (
        _l("Portfolio systems such as Mahara export it, as a ZIP that contains leap2a.xml."),
        _l("Exports from another Cairn come back as drafts: a file cannot verify anything."),
    )
    accept = ".xml,.zip,application/zip,application/xml,application/atom+xml"

    def load(self, data: bytes) -> list[Any]:
        # Imported here, so that workers load an XML parser only when it is needed.
        from xml.etree.ElementTree import ParseError

        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        fault = ImportFault(
            _(
                "This is not a LEAP2A portfolio. Choose a ZIP that contains leap2a.xml, or "
                "that file itself."
            )
        )
        if data[:2] == b"PK":
            data = _unpack(data, fault)
        try:
            feed = fromstring(data, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise fault from None
        entries = [_entry(each) for each in feed.iterfind(f"{ATOM}entry")]
        if feed.tag != f"{ATOM}feed" or not any(each["type"] for each in entries):
            raise fault
        check_entry_count(entries)
        return entries

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        result = ParseResult()
        names = {each["id"]: each["title"] for each in records if each["type"] == "organization"}
        for number, each in enumerate(records, 1):
            if (found := _to_record(each, names)) is None:
                continue
            record, values = found
            own = each["id"].removeprefix("urn:uuid:")
            is_ours = any(scheme == KIND_SCHEME for scheme, _term in each["categories"])
            own_id = make_external_id("cairn", own) if is_ours and own != each["id"] else ""
            place = _("Entry %(number)s", number=number)
            add_candidate(result, record, values, source="leap2a", own_id=own_id, place=place,
                          fields_hint=_("a link or a text of the entry"))  # fmt: skip
        if passed := sum(each["type"] in IGNORED_TYPES for each in records):
            result.notes.append(
                ngettext(
                    "%(num)d ability, plan or selection cannot be imported. Assess your "
                    "skills yourself.",
                    "%(num)d abilities, plans and selections cannot be imported. Assess "
                    "your skills yourself.",
                    passed,
                )
            )
        return result


def _unpack(data: bytes, fault: ImportFault) -> bytes:
    """Return the feed in a ZIP, without unpacking other members."""
    try:
        zip_file = ZipReader(io.BytesIO(data), max_members=MAX_MEMBERS)
        name = next((each for each in zip_file.members if each.rpartition("/")[2] == FEED), None)
        if name is None:
            raise fault
        return zip_file.read(name, MAX_BYTES)
    except ZipRefused as refused:
        raise ImportFault(str(refused)) from None


def _entry(entry: Element) -> dict[str, Any]:
    """Convert an Atom entry to JSON values."""
    kind = entry.find(f"{RDF}type")
    named = "" if kind is None else kind.get(f"{RDF}resource", "")
    links = [each.get("href", "")[:2000] for each in entry.iterfind(f"{ATOM}link")]
    return {
        "type": re.split("[:/#]", named)[-1],
        "id": (entry.findtext(f"{ATOM}id") or "")[:300],
        "title": clean_line(_text(entry.find(f"{ATOM}title")))[:2000],
        "text": _text(entry.find(f"{ATOM}content"))[: MAX_TEXT + 1],
        "links": links[:20],
        "dates": {
            each.get(f"{LEAP}point", ""): clean_line(each.text)[:40]
            for each in entry.iterfind(f"{LEAP}date")
        },
        "published": (entry.findtext(f"{ATOM}published") or "")[:40],
        "categories": [
            [each.get("scheme", "")[:200], each.get("term", "")[:200]]
            for each in entry.findall(f"{ATOM}category")[:20]
        ],
    }


def _text(content: Element | None) -> str:
    """Return an Atom text construct (plain, HTML or XHTML) as plain text."""
    if content is None:
        return ""
    text = "".join(content.itertext())
    if content.get("type") == "html":
        text = re.sub(r"</(?:p|div|li|h\d|tr)>|<br */?>", "\n", text)
        text = html.unescape(nh3.clean(text, tags=set()))
    return clean_multiline(text)


def _to_record(
    entry: Mapping[str, Any], organizations: Mapping[str, str]
) -> tuple[str, dict[str, str]] | None:
    """Convert an entry to a record kind and values, None for other entry types."""
    dates, terms = entry["dates"], {term: scheme for scheme, term in entry["categories"]}
    place = next((organizations[each] for each in entry["links"] if each in organizations), "")
    end = dates.get("end") or dates.get("target") or ""
    if entry["type"] == "activity" and _is_life_area(terms, "Work"):
        return "position", {
            "title": entry["title"], "employer": place, "summary": entry["text"],
            "started_on": dates.get("start", ""), "ended_on": end,
        }  # fmt: skip
    if entry["type"] == "achievement" and _is_life_area(terms, "Education"):
        title = entry["title"]
        return "degree", {
            "level": match_level(title) or "other", "field": title, "institution": place,
            "awarded_on": end or dates.get("start", ""),
        }  # fmt: skip
    if entry["type"] not in KIND_BY_TYPE:
        return None
    own = next((term for term, scheme in terms.items() if scheme == KIND_SCHEME), "")
    return "evidence", {
        "kind": own if own in KINDS else KIND_BY_TYPE[entry["type"]],
        "title": entry["title"],
        "occurred_on": end or dates.get("start", "") or entry["published"],
        "url": next((each for each in entry["links"] if is_web_address(each)), ""),
        "description": entry["text"],
        "issuer": place,
    }


def _is_life_area(terms: Mapping[str, str], area: str) -> bool:
    return "life_area" in terms.get(area, "")
