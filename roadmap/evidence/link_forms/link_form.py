"""What a link says by its form alone: nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from roadmap.core.dates import PartialDate
from roadmap.core.text import clean_line

# In `hosts`: any host, where the path alone tells what it is.
ANY = "*"
# The first year in a number with two digits of a year: arXiv began in 1991.
FIRST_SHORT_YEAR = 91


@dataclass(frozen=True, slots=True)
class Recognized:
    """What was recognized: its name, the kinds it can be, and what else the link says.

    `identifier` is the same for all links to one thing.
    """

    name: str
    kinds: tuple[str, ...]
    title: str
    identifier: str
    occurred_on: PartialDate | None


@dataclass(frozen=True, slots=True)
class LinkForm:
    """A form that links have.

    `name` is a text for translators. `hosts` are exact, or "*.medium.com" for what is below it, or
    "github.*" for a company's own, or any, with spaces between them. `pattern` matches path and
    query without the slash at the end, and what is behind a "#" where it asks for it; unless it
    ends in "$", anything may follow behind a slash or a question mark. `title` and `identifier` are
    made of its groups; without an identifier the address is one, and the title is "" where it would
    be the site's name and a number. Groups of the names year, month and day are its date, `yy` is a
    year with two digits, and `slug` a title in an address. `kinds` begins with the likeliest.
    `keeps_case` tells that ids differ by case.
    """

    name: str
    hosts: str
    pattern: str
    title: str = "{slug}"
    identifier: str = ""
    kinds: tuple[str, ...] = field(kw_only=True)
    keeps_case: bool = False

    def is_of(self, host: str) -> bool:
        """Tell whether links of this host can have this form."""
        return any(
            name in (ANY, host)
            or (name.startswith("*.") and host.endswith(name[1:]))
            # "github.blog" is another site of its maker.
            or (name.endswith(".*") and host.startswith(name[:-1]) and host.count(".") > 1)
            for name in self.hosts.split()
        )

    def match(self, host: str, target: str, fragment: str) -> Recognized | None:
        """Return what a link says: its host, its path with the query, and its fragment."""
        if "#" in self.pattern:
            target = f"{target}#{fragment}"
        pattern = self.pattern if self.pattern.endswith("$") else rf"{self.pattern}(?:[/?].*)?"
        # Compiled at the first use, and kept by `re`.
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
    """Return the title that stands in an address: `feature-store_design.html`, with spaces."""
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
