"""What every importer does that fetches from a site which the operator allows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.outbound import Site
from roadmap.core.text import clean_line
from roadmap.importers.importer import Importer, Text


@dataclass(frozen=True)
class Page:
    """The records of one answer, and how many there are on all pages, where the site says it."""

    records: list[dict[str, Any]]
    total: int | None = None


class SiteImporter(Importer):
    """Fetches what belongs to a login, page by page; a page has an address and says what it lists.

    `asks_since` tells that it asks for a day before which nothing counts.
    """

    # The settings that name the server and hold its token, if it takes one.
    site_setting: ClassVar[str]
    token_setting: ClassVar[str] = ""
    login_pattern: ClassVar[re.Pattern[str]]
    login_label: ClassVar[Text] = _l("User name")
    login_help: ClassVar[Text]
    asks_since: ClassVar[bool] = True
    # What the site answers where it knows no such login.
    unknown_status: ClassVar[int] = 422

    def first_pages(self, site: Site, login: str, since: dt.date) -> list[tuple[str, str]]:
        """Return what to fetch at first, as pairs of what a page lists and its address."""
        raise NotImplementedError

    def headers(self, token: str) -> dict[str, str]:
        raise NotImplementedError

    def parse(self, what: str, body: Any, headers: Mapping[str, str]) -> Page:
        """Return the records of a page. Raises TypeError, KeyError or ValueError for another shape.

        An answer is as untrusted as a file.
        """
        raise NotImplementedError

    def clean_login(self, text: str) -> str:
        """Return the login that was typed or pasted with its address, "" where it cannot be one."""
        login = clean_line(text).removeprefix("@")
        if login.startswith(("https://", "http://")):
            login = login.rstrip("/").rpartition("/")[2]
        return login if self.login_pattern.fullmatch(login) else ""
