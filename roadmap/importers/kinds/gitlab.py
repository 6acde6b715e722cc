"""Import merged merge requests and reviews from GitLab."""

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


class GitLabImporter(CodeHost):
    key = "gitlab"
    title = _l("GitLab")
    summary = _l("Your merged merge requests, and those you reviewed, since a date.")
    address = re.compile(r"(?P<project>https?://[^/]+/(?P<place>.+?))/-/merge_requests/\d+")
    mark = "!"
    site_setting, token_setting = "GITLAB_URL", "GITLAB_TOKEN"
    login_pattern = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
    login_help = _l("Your user name, without the @.")
    merged_heading = _l("Merged merge requests")
    reviewed_heading = _l("Reviews given, by project and month")
    steps = (
        _l("Each merged merge request becomes a piece. If there are many, none is "
           "ticked: choose those that prove something."),
        _l("Reviews are merge requests that name you as a reviewer. They become one piece for each "
           "project and month."),
    )  # fmt: skip

    def first_pages(self, site: Site, login: str, since: dt.date) -> list[tuple[str, str]]:
        asked = {
            "merged": {"author_username": login, "updated_after": since.isoformat()},
            "reviewed": {
                "reviewer_username": login,
                "not[author_username]": login,
                "updated_after": since.replace(day=1).isoformat(),
            },
        }
        usual = {"scope": "all", "state": "merged", "order_by": "created_at", "per_page": 100}
        return [
            (what, f"{site.url}/api/v4/merge_requests?{urlencode({**usual, **query})}")
            for what, query in asked.items()
        ]

    def headers(self, token: str) -> dict[str, str]:
        return {"Accept": "application/json"} | ({"PRIVATE-TOKEN": token} if token else {})

    def parse(self, what: str, body: Any, headers: Mapping[str, str]) -> Page:
        if not isinstance(body, list):
            raise TypeError("no list")
        records = [
            self.make_record(
                what,
                url=item["web_url"],
                title=item["title"],
                number=item["iid"],
                at=item.get("merged_at") or item["updated_at"],
            )
            for item in body
        ]
        total = headers.get("X-Total", "")
        return Page(records, int(total) if re.fullmatch(r"\d{1,9}", total) else None)

    def reviews_url(self, project: str, login: str, month: PartialDate) -> str:
        query = {"scope": "all", "state": "merged", "reviewer_username": login}
        # GitLab ignores `month`; it makes the URL of each month unique.
        return f"{project}/-/merge_requests?{urlencode({**query, 'month': month})}"
