"""The works of an ORCID record, as its public API gives them in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from roadmap.core.i18n import gettext as _
from roadmap.core.text import clean_line, fold
from roadmap.evidence.rules import is_web_address
from roadmap.importers.candidates import Candidate, ImportFault, Reading, make_external_id
from roadmap.importers.importer import FileImporter
from roadmap.importers.json_files import as_text, load_json, text_at
from roadmap.importers.records import MAX_CANDIDATES
from roadmap.importers.text_files import set_dates

KINDS = {
    **dict.fromkeys(("patent", "invention"), "patent"),
    **dict.fromkeys(("software", "data-set"), "open_source"),
    **dict.fromkeys(("lecture-speech", "conference-poster", "conference-presentation"), "talk"),
    **dict.fromkeys(("online-resource", "blog-post", "website"), "blog_post"),
}
_PUT_CODE = re.compile(r"[0-9]{1,12}")


class OrcidImporter(FileImporter):
    key = "orcid"
    title = _l("ORCID")
    summary = _l("The works of your ORCID record: papers, patents, software, talks.")
    steps = (
        _l("curl -H 'Accept: application/json' https://pub.orcid.org/v3.0/YOUR-ID/works "
           "saves your public works to a file."),
        _l("Without a terminal: sign in to ORCID, choose Export works to BibTeX, and import that."),
    )  # fmt: skip
    accept = ".json,application/json"

    def load(self, data: bytes) -> list[Any]:
        found = load_json(data, _("This is not the JSON of an ORCID record. Choose another file."))
        works = found.get("activities-summary", found) if isinstance(found, dict) else {}
        works = works.get("works", works) if isinstance(works, dict) else {}
        groups = works.get("group") if isinstance(works, dict) else None
        if not isinstance(groups, list):
            raise ImportFault(_("There are no works in this file: ORCID lists them below “group”."))
        if len(groups) > MAX_CANDIDATES:
            raise ImportFault(
                _("The record has more than %(most)s works, the most that can be imported from one "
                  "file.", most=MAX_CANDIDATES)
            )  # fmt: skip
        return [record for group in groups if (record := _record(group))]

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> Reading:
        reading = Reading()
        for record in records:
            values = dict(record["values"])
            if problems := set_dates(values, ("occurred_on",)):
                reading.problems += problems
                continue
            reading.candidates.append(Candidate("evidence", record["id"], values))
        return reading


def _record(group: Any) -> dict[str, Any] | None:
    """Return what is needed of a work, of which several sources may tell; the first one counts."""
    summaries = group.get("work-summary") if isinstance(group, dict) else None
    work = summaries[0] if isinstance(summaries, list) and summaries else None
    if not isinstance(work, dict):
        return None
    title = clean_line(text_at(work, "title", "title", "value"))
    parts = [text_at(work, "publication-date", name, "value") for name in ("year", "month", "day")]
    date = "-".join(part.zfill(2) for part in parts if part)
    venue = clean_line(text_at(work, "journal-title", "value"))
    ids = dict(_external_ids(work))
    url = text_at(work, "url", "value")
    if "doi" in ids:
        url = f"https://doi.org/{ids['doi']}"
    put_code = as_text(work.get("put-code"))
    if "doi" in ids:
        external_id = make_external_id("doi", ids["doi"].lower())
    elif "arxiv" in ids:
        external_id = make_external_id("arxiv", ids["arxiv"].lower())
    elif _PUT_CODE.fullmatch(put_code):
        external_id = make_external_id("orcid", put_code)
    else:
        external_id = make_external_id("work", fold(title), date[:4])
    values = {
        "kind": KINDS.get(text_at(work, "type").lower(), "publication"),
        "title": title[:200],
        "occurred_on": date,
        "url": url if is_web_address(url) else "",
        "description": venue,
        "issuer": venue[:200],
    }
    return {"id": external_id, "values": values}


def _external_ids(work: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what names the work itself, by its type; "part-of" names the volume it is in."""
    ids = work.get("external-ids")
    listed = ids.get("external-id") if isinstance(ids, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and text_at(each, "external-id-relationship") != "part-of":
            kind, value = text_at(each, "external-id-type"), text_at(each, "external-id-value")
            value = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:|arxiv:)", "", value, flags=re.I)
            if value and len(value) <= 200 and not re.search(r"\s", value):
                yield kind.lower(), value
