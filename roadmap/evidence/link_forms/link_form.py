"""Recognize links by their URL alone. Nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from roadmap.core.dates import PartialDate
from roadmap.core.text import clean_line

# In `hosts`: any host, if the path alone identifies the form.
ANY = "*"
# Two-digit years from here on are in the 20th century: arXiv started in 1991.
FIRST_SHORT_YEAR = 91


@dataclass(frozen=True, slots=True)
class Recognized:
    """A recognized link.

    `name` names its form, and `kinds` are the possible kinds of evidence, likeliest first.
    `identifier` is the same for all links to the same resource.
    """

    name: str
    kinds: tuple[str, ...]
    title: str
    identifier: str
    occurred_on: PartialDate | None


@dataclass(frozen=True, slots=True)
class LinkForm:
    """A URL pattern of a site.

    `name` is translatable. `hosts` is a space-separated list of exact hosts, of wildcards for
    subdomains ("*.medium.com") and for self-hosted sites ("github.*"), or ANY.

    `pattern` matches path and query without a trailing slash, and the fragment if the pattern
    contains "#". Unless it ends in "$", a slash or question mark and any text may follow.

    `title` and `identifier` are format strings that use the groups of the pattern. Without an
    identifier the URL is used; the title is "" if it would only be a site name and a number. The
    groups `year`, `month` and `day` form the date, `yy` is a two-digit year, and `slug` is a title.
    `kinds` lists the likeliest kind first. `keeps_case` means that ids are case-sensitive.
    """

    name: str
    hosts: str
    pattern: str
    title: str = "{slug}"
    identifier: str = ""
    kinds: tuple[str, ...] = field(kw_only=True)
    keeps_case: bool = False

    def matches_host(self, host: str) -> bool:
        """Return whether links of this host can have this form."""
        return any(
            name in (ANY, host)
            or (name.startswith("*.") and host.endswith(name[1:]))
            # "github.blog" is another site of the same company.
            or (name.endswith(".*") and host.startswith(name[:-1]) and host.count(".") > 1)
            for name in self.hosts.split()
        )

    def match(self, host: str, target: str, fragment: str) -> Recognized | None:
        """Match a link, given its host, its path with the query, and its fragment."""
        if "#" in self.pattern:
            target = f"{target}#{fragment}"
        pattern = self.pattern if self.pattern.endswith("$") else rf"{self.pattern}(?:[/?].*)?"
        # `re` compiles the pattern on first use and caches it.
        found = re.fullmatch(pattern, target, re.IGNORECASE)
        if found is None:
            return None
        parts = {name: unquote_plus(text or "") for name, text in found.groupdict().items()}
        parts["host"] = host
        identifier = self.identifier.format_map(parts) or f"{host}{target}"
        if "slug" in parts:
            parts["slug"] = humanize(parts["slug"])
        return Recognized(
            name=self.name,
            kinds=self.kinds,
            title=clean_line(self.title.format_map(parts)),
            identifier=identifier if self.keeps_case else identifier.lower(),
            occurred_on=_date_of(parts),
        )


def humanize(slug: str) -> str:
    """Turn a slug such as `feature-store_design.html` into a title."""
    text = re.sub(r"\.(html?|md|pdf|php)$", "", slug.rsplit("/", 1)[-1])
    words = clean_line(re.sub(r"[-_+]+", " ", text))
    return words[:1].upper() + words[1:]


def _date_of(parts: dict[str, str]) -> PartialDate | None:
    year = parts.get("year", "")
    if short := parts.get("yy"):
        year = f"{'19' if int(short) >= FIRST_SHORT_YEAR else '20'}{short}"
    given = (year, parts.get("month", ""), parts.get("day", ""))
    try:
        return PartialDate.from_iso("-".join(part for part in given if part)) if year else None
    except ValueError:
        return None
