"""Import merged pull requests and reviews from GitHub."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _l
from roadmap.core.outbound import Site
from roadmap.importers.code_host import CodeHost
from roadmap.importers.importer import Page


class GitHubImporter(CodeHost):
    key = "github"
    title = _l("GitHub")
    summary = _l("Your merged pull requests, and the reviews you gave, since a date.")
    address = re.compile(r"(?P<project>https?://[^/]+/(?P<place>[^/]+/[^/]+))/pull/\d+")
    mark = "#"
    site_setting, token_setting = "GITHUB_API_URL", "GITHUB_TOKEN"
    # Logins of enterprise-managed users end in an underscore and the enterprise's short code.
    login_pattern = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(_[A-Za-z0-9]{1,20})?")
    login_help = _l("The LOGIN in github.com/LOGIN.")
    merged_heading = _l("Merged pull requests")
    reviewed_heading = _l("Reviews given, by repository and month")
    steps = (
        _l("Each merged pull request becomes a piece. If there are many, none is ticked: "
           "choose those that prove something."),
        _l("Reviews become one piece for each repository and month, with a list of what you "
           "reviewed."),
    )  # fmt: skip

    def first_pages(self, site: Site, login: str, since: dt.date) -> list[tuple[str, str]]:
        month = since.replace(day=1)
        asked = {
            "merged": f"author:{login} is:pr is:merged merged:>={since}",
            "reviewed": f"reviewed-by:{login} -author:{login} is:pr is:closed closed:>={month}",
        }
        return [
            (what, f"{site.url}/search/issues?{urlencode({'q': query, 'per_page': 100})}")
            for what, query in asked.items()
        ]

    def headers(self, token: str) -> dict[str, str]:
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return headers | ({"Authorization": f"Bearer {token}"} if token else {})

    def parse(self, what: str, body: Any, headers: Mapping[str, str]) -> Page:
        records = [
            self.make_record(
                what,
                url=item["html_url"],
                title=item["title"],
                number=item["number"],
                at=(item.get("pull_request") or {}).get("merged_at") or item["closed_at"],
            )
            for item in body["items"]
        ]
        total = body["total_count"]
        return Page(records, total if isinstance(total, int) else None)

    def reviews_url(self, project: str, login: str, month: PartialDate) -> str:
        query = f"is:pr reviewed-by:{login} closed:{month.first}..{month.last}"
        return f"{project}/pulls?{urlencode({'q': query})}"
