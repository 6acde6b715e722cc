"""Import the public works of an ORCID record."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roadmap.core.i18n import _, _l
from roadmap.core.outbound import Site
from roadmap.core.text import clean_line, is_orcid
from roadmap.evidence.rules import is_web_address
from roadmap.importers.importer import Page, ParseResult, SiteImporter, make_external_id
from roadmap.importers.readers import add_candidate, arxiv_of, as_text, doi_of, text_at, work_id

KINDS = {
    **dict.fromkeys(("patent", "invention"), "patent"),
    **dict.fromkeys(("software", "data-set"), "open_source"),
    **dict.fromkeys(("lecture-speech", "conference-poster", "conference-presentation"), "talk"),
    **dict.fromkeys(("online-resource", "blog-post", "website"), "blog_post"),
}
_PUT_CODE = re.compile(r"[0-9]{1,12}")


class OrcidImporter(SiteImporter):
    key = "orcid"
    title = _l("ORCID")
    summary = _l("The public works of your ORCID record: papers, patents, software, talks.")
    site_setting = "ORCID_URL"
    login_pattern = re.compile(r"(?:[0-9]{4}-){3}[0-9]{3}[0-9X]")
    login_label = _l("ORCID iD")
    login_help = _l("Such as 0000-0002-1825-0097, or the full address.")
    asks_since = False
    unknown_status = 404
    steps = (
        _l("Only public works, each listed once even if several sources name it."),
        _l("For other works, export them from ORCID as BibTeX, and import that file."),
    )

    def clean_login(self, text: str) -> str:
        """Return the ORCID iD, "" if its check digit is wrong."""
        login = super().clean_login(text.replace("x", "X"))
        return login if is_orcid(login) else ""

    def first_pages(self, site: Site, login: str, since: dt.date) -> list[tuple[str, str]]:
        return [("works", f"{site.url}/v3.0/{login}/works")]

    def headers(self, token: str) -> dict[str, str]:
        return {"Accept": "application/json"}

    def parse(self, what: str, body: Any, headers: Mapping[str, str]) -> Page:
        groups = body["group"]
        if not isinstance(groups, list):
            raise TypeError("no list of works")
        records = [record for group in groups if (record := _record(group))]
        return Page(records, len(records))

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        result = ParseResult()
        for number, record in enumerate(records, 1):
            values = dict(record["values"])
            place = _("Work %(number)s", number=number)
            add_candidate(
                result, "evidence", values, source="orcid", own_id=record["id"], place=place,
                fields_hint=_("a link or an identifier at ORCID"),
            )  # fmt: skip
        return result


def _record(group: Any) -> dict[str, Any] | None:
    """Convert a group of work summaries to a record, using the preferred (first) source."""
    summaries = group.get("work-summary") if isinstance(group, dict) else None
    work = summaries[0] if isinstance(summaries, list) and summaries else None
    if not isinstance(work, dict):
        return None
    title = clean_line(text_at(work, "title", "title", "value"))
    parts = [text_at(work, "publication-date", name, "value") for name in ("year", "month", "day")]
    date = "-".join(part.zfill(2) for part in parts if part)
    venue = clean_line(text_at(work, "journal-title", "value"))
    ids = dict(_external_ids(work))
    doi, arxiv = doi_of(ids.get("doi", "")), arxiv_of(ids.get("arxiv", ""))
    url = f"https://doi.org/{doi}" if doi else text_at(work, "url", "value")
    put_code = as_text(work.get("put-code"))
    own_id = make_external_id("orcid", put_code) if _PUT_CODE.fullmatch(put_code) else ""
    values = {
        "kind": KINDS.get(text_at(work, "type").lower(), "publication"),
        "title": title,
        "occurred_on": date,
        "url": url if is_web_address(url) else "",
        "description": venue,
        "issuer": venue,
    }
    return {"id": work_id(values, doi=doi, arxiv=arxiv, own_id=own_id), "values": values}


def _external_ids(work: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the (type, value) ids of the work itself; "part-of" ids are of the volume."""
    ids = work.get("external-ids")
    listed = ids.get("external-id") if isinstance(ids, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and text_at(each, "external-id-relationship") != "part-of":
            kind, value = text_at(each, "external-id-type"), text_at(each, "external-id-value")
            yield kind.lower(), value
