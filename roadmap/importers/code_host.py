"""Shared base of the GitHub and GitLab importers: merged changes and reviews of a login."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _, current_tzinfo, date_filter, ngettext
from roadmap.core.text import clean_line
from roadmap.evidence.rules import is_web_address
from roadmap.importers.importer import Candidate, ParseResult, SiteImporter, Text, make_external_id

MAX_TITLE_LENGTH = 200
# Reviews listed in the description of a month.
MAX_LISTED = 100
_MARKDOWN = re.compile(r"([\\`*_\[\]<>])")


class CodeHost(SiteImporter):
    """Fetches a user's merged changes and reviews.

    A record has `what` ("merged" or "reviewed"), `url`, `title`, `place` (the repository),
    `project` (the repository's URL), `number`, and `at` (when it was merged or closed).
    """

    merged_heading: ClassVar[Text]
    reviewed_heading: ClassVar[Text]
    # Pattern of a change's URL, with the groups `project` and `place`.
    address: ClassVar[re.Pattern[str]]
    # Separates the repository from the number of a change, as in owner/name#12.
    mark: ClassVar[str]

    def reviews_url(self, project: str, login: str, month: PartialDate) -> str:
        """Return the URL that lists a month's reviews in one repository."""
        raise NotImplementedError

    def read(self, records: Sequence[Any], options: Mapping[str, str]) -> ParseResult:
        """Return a candidate per merged change, and one per repository and month of reviews.

        The current month is left out, because it could not be completed by a later import.
        """
        result, zone = ParseResult(), current_tzinfo()
        login, this_month = options["login"], options["day"][:7]
        months: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        waiting = 0
        for record in records:
            day = dt.datetime.fromisoformat(record["at"]).astimezone(zone).date()
            if record["what"] == "merged":
                if day.isoformat() >= options["since"]:
                    result.candidates.append(self._change_candidate(record, day))
            elif day.isoformat()[:7] == this_month:
                waiting += 1
            else:
                months[record["place"], day.isoformat()[:7]].append(record)
        for (place, month), reviews in sorted(months.items(), key=lambda each: each[0][1]):
            result.candidates.append(self._reviews(place, PartialDate(month), reviews, login))
        if waiting:
            result.notes.append(
                ngettext(
                    "%(num)s review from this month is left out: reviews are offered "
                    "once the month is over.",
                    "%(num)s reviews from this month are left out: reviews are offered "
                    "once the month is over.",
                    waiting,
                )
            )
        return result

    def make_record(
        self, what: str, *, url: str, title: Any, number: Any, at: str
    ) -> dict[str, Any]:
        """Validate the fields of a response into a record. Raises TypeError or ValueError."""
        found = self.address.fullmatch(url)
        if found is None or not is_web_address(url) or len(url) > 500:
            raise ValueError("no address of a change")
        if not (isinstance(title, str) and isinstance(number, int)):
            raise TypeError("another type")
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None or not 1990 <= moment.year <= 2200:
            raise ValueError("no moment")
        return {
            "what": what,
            "url": url,
            "title": clean_line(title)[:MAX_TITLE_LENGTH],
            "place": clean_line(found["place"])[:200],
            "project": found["project"],
            "number": number,
            "at": moment.isoformat(),
        }

    def _change_candidate(self, record: Mapping[str, Any], day: dt.date) -> Candidate:
        name = f"{record['place']}{self.mark}{record['number']}"
        return Candidate(
            "evidence",
            make_external_id("change", f"{_host(record['url'])}/{name}"),
            {
                "kind": "open_source",
                "title": (record["title"] or name)[:MAX_TITLE_LENGTH],
                "occurred_on": day.isoformat(),
                "url": record["url"],
                "description": name,
                "role": _("Author"),
            },
            heading=str(self.merged_heading),
        )

    def _reviews(
        self, place: str, month: PartialDate, reviews: list[dict[str, Any]], login: str
    ) -> Candidate:
        listed = [
            f"- [{_escape_markdown(each['title'] or each['url'])}]({each['url']})"
            for each in reviews[:MAX_LISTED]
        ]
        if (more := len(reviews) - MAX_LISTED) > 0:
            listed.append(f"- {_('and %(more)s more', more=more)}")
        title = ngettext(
            "Reviewed %(num)s change in %(place)s, %(month)s",
            "Reviewed %(num)s changes in %(place)s, %(month)s",
            len(reviews),
            place=place,
            month=date_filter(month),
        )
        return Candidate(
            "evidence",
            make_external_id(
                "reviews", f"{_host(reviews[0]['url'])}/{place}/{login.lower()}/{month}"
            ),
            {
                "kind": "review_given",
                "title": title[:MAX_TITLE_LENGTH],
                "occurred_on": month,
                "url": self.reviews_url(reviews[0]["project"], login, month),
                "description": "\n".join(listed),
                "role": _("Reviewer"),
            },
            heading=str(self.reviewed_heading),
        )


def _escape_markdown(title: str) -> str:
    return _MARKDOWN.sub(r"\\\1", title)


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()
