"""What one line proposes for a piece of evidence: a link, or what somebody did. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from roadmap.core.dates import PartialDate
from roadmap.core.text import clean_line, complete_url
from roadmap.evidence.kind_words import propose_kind
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.link_forms.registry import clean_link, identifier_of, recognize
from roadmap.evidence.rules import EARLIEST_DATE, MAX_LENGTHS, is_web_address

OTHER = "other"
# The pages with a line that is for no milestone.
LINE_PAGES = ("/", "/evidence")
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]+)\]\((https?://[^\s()]+)\)", re.IGNORECASE)
_ROADMAP_PAGE = re.compile(r"(/roadmaps/[\w/-]+)(?:\?(.*))?")
_DOI = re.compile(r"(?:doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV = re.compile(
    r"arxiv:\s*([a-z.-]+/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?(?:\s*\[.*\])?", re.IGNORECASE
)
# What ends a sentence or a bracket behind a link, and joins one to the words before it.
_AFTER_LINK = ".,;:!?'»”’"
_JOINTS = " \t-\N{EN DASH}\N{EM DASH}:|·,;()<>[]"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a line proposes.

    `form` names what its link was recognized as, "" where it has none or an unknown one. The date
    is None where the link does not carry one. `further` are the other links of the line, which the
    description has.
    """

    title: str
    url: str = ""
    description: str = ""
    kind: str = OTHER
    occurred_on: PartialDate | None = None
    form: str = ""
    further: tuple[str, ...] = ()

    @property
    def lacks_own_date(self) -> bool:
        """Tell whether its link leads to what has a date of its own and does not carry it.

        A talk, a paper or a certificate is seldom of the day on which its link is pasted.
        """
        kind = KINDS[self.kind]
        return bool(self.url and (kind.is_issued or kind.is_published) and not self.occurred_on)


def line_page(address: str) -> str:
    """Return the address of a page with a line, "" for any other one."""
    return address if address in LINE_PAGES else ""


def propose(text: str, today: dt.date, proving: Sequence[str] = ()) -> Proposal:
    """Return what a line proposes; `proving` are the kinds that prove the milestone it is for.

    The words beside a link are the title. Without a link they are the description as well, because
    a reader needs one of the two.
    """
    text = clean_line(text)
    url, words = _split(text)
    words, further = _take_links(words, url)
    most = MAX_LENGTHS["title"]
    if not url:
        kind = _likeliest(_spoken_kinds(text), proving)
        return Proposal(_shorten(text, most), description=text, kind=kind)
    found = recognize(url)
    link = clean_link(url)
    title = words or (found.title if found else "") or _bare(link)
    date = found.occurred_on if found else None
    if date is not None and not (EARLIEST_DATE <= date.first <= today):
        date = None
    return Proposal(
        title=_shorten(title, most),
        url=link,
        description="\n\n".join(
            filter(None, [words if len(words) > most else "", *map(clean_link, further)])
        ),
        kind=_likeliest(found.kinds if found else _spoken_kinds(words), proving),
        occurred_on=date,
        form=found.name if found else "",
        further=further,
    )


def row_address(back: str | None, milestone: str) -> str:
    """Return the page of the milestone that a piece was captured for, "" where there is none.

    `captured` lets that page, which keeps its filter, unfold the milestone.
    """
    found = _ROADMAP_PAGE.fullmatch(back or "")
    if not found:
        return ""
    query = {**dict(parse_qsl(found[2] or "")), "captured": milestone}
    return f"{found[1]}?{urlencode(query)}"


def _likeliest(kinds: Sequence[str], proving: Sequence[str]) -> str:
    """Return the first kind that proves the milestone, or else the likeliest.

    Where nothing tells the kind, it is the one that proves the milestone best.
    """
    return next((kind for kind in kinds if kind in proving), next(iter((*kinds, *proving)), OTHER))


def _spoken_kinds(words: str) -> tuple[str, ...]:
    """Return the kind that words are about, where they tell."""
    kind = propose_kind(words)
    return (kind,) if kind != OTHER else ()


def _split(text: str) -> tuple[str, str]:
    """Return the first link of a text and the words beside it; "" for either."""
    if found := _DOI.fullmatch(text):
        return f"https://doi.org/{found[1]}", ""
    if found := _ARXIV.fullmatch(text):
        return f"https://arxiv.org/abs/{found[1]}", ""
    if is_web_address(completed := complete_url(text)):
        return completed, ""
    if found := _MARKDOWN_LINK.search(text):
        words, url = f"{text[: found.start()]}{found[1]}{text[found.end() :]}", found[2]
    elif found := _LINK.search(text):
        url = found[0].rstrip(_AFTER_LINK)
        while url.endswith(")") and url.count("(") < url.count(")"):
            url = url[:-1].rstrip(_AFTER_LINK)
        before, after = text[: found.start()], text[found.start() + len(url) :]
        words = f"{before.rstrip(_JOINTS)} {after.lstrip(f'{_JOINTS}.')}"
    else:
        return "", text
    if not is_web_address(url):
        return "", text
    return url, clean_line(words).strip(_JOINTS)


def _take_links(words: str, url: str) -> tuple[str, tuple[str, ...]]:
    """Return the words beside a link without the further links in them, and these, each once."""
    # The bracket at the end is gone already where nothing came after it.
    words = re.sub(rf"(?i:{_MARKDOWN_LINK.pattern}?)", r"\1 \2 ", words) if url else words
    found = [each for each in _LINK.findall(words) if url]
    if not found:
        return words, ()
    links = {identifier_of(each): each.rstrip(f"{_AFTER_LINK})") for each in reversed(found)}
    links.pop(identifier_of(url), None)
    parts = (part.strip(_JOINTS) for part in _LINK.split(words))
    # An "and" between links is no title.
    words = " ".join(part for part in parts if len(part) > len("and"))
    return words, tuple(reversed(links.values()))


def _bare(link: str) -> str:
    """Return an address as people read it, without its scheme and query."""
    return re.sub(r"^https?://(?:www\.)?|[?#].*$", "", link, flags=re.IGNORECASE).rstrip("/")


def _shorten(title: str, most: int) -> str:
    if len(title) <= most:
        return title
    return f"{title[: most - 1].rpartition(' ')[0] or title[: most - 1]}…"
