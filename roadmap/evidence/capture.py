"""Propose a piece of evidence from one line of text: a link or a description. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import month_names
from roadmap.core.link_secrets import secret_parameters, strip_userinfo
from roadmap.core.text import clean_line, complete_url, shorten
from roadmap.evidence.date_parser import UNREAD, ParsedDate, find_date
from roadmap.evidence.kind_guess import guess_kind, stated_kind
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.link_forms.registry import clean_link, identifier_of, recognize
from roadmap.evidence.rules import EARLIEST_DATE, MAX_LENGTHS, is_web_address

OTHER = "other"
ENGLISH_MONTHS = month_names("en")
# Pages with a capture field that is not tied to a milestone.
CAPTURE_PAGES = ("/", "/evidence")
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]+)\]\((https?://[^\s()]+)\)", re.IGNORECASE)
_ROADMAP_PAGE = re.compile(r"(/roadmaps/[\w/-]+)(?:\?(.*))?")
_DOI = re.compile(r"(?:doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV = re.compile(
    r"arxiv:\s*([a-z.-]+/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?(?:\s*\[.*\])?", re.IGNORECASE
)
# Punctuation that may follow a link but is not part of it.
_TRAILING_PUNCTUATION = ".,;:!?'»”’"
# Words dropped next to a link once the link has been cut out of the text.
_LINKING_WORDS = frozenset({"and", "also", "or", "see", "at", "in", "on", "via", "from", "with",
                            "under", "here", "cf", "&"})  # fmt: skip
# Text that only names the kind of thing behind the link, such as "my PR" or "reviewed a PR".
_DETERMINERS = frozenset({"a", "an", "the", "this", "my", "our"})
_KIND_ONLY = re.compile(
    r"\w+ (?:(?:a|the|this|my) )?(?:prs?|mrs?|pull requests?|merge requests?|issue|commit)",
    re.IGNORECASE,
)
_SEPARATORS = " \t-\N{EN DASH}\N{EM DASH}:|·,;()<>[]"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed fields of a new piece of evidence.

    `title` is "" if the link contains none. `form` is the name of the recognized link form, or "".
    `occurred_on` is None if neither the text nor the link contains a date. `parsed_date` is the
    result of parsing the text. `further` are the other links of the line, which are part of the
    description. `is_stripped` means that a user name and password were removed. `secrets` are the
    link's parameters that look like tokens.
    """

    title: str
    url: str = ""
    description: str = ""
    kind: str = OTHER
    occurred_on: PartialDate | None = None
    form: str = ""
    further: tuple[str, ...] = ()
    parsed_date: ParsedDate = field(default_factory=ParsedDate)
    is_stripped: bool = False
    secrets: tuple[str, ...] = ()

    @property
    def needs_date(self) -> bool:
        """Return whether the author must enter the date, so that today is not proposed.

        A talk, paper or certificate is rarely from the day on which its link is pasted. Today is
        also wrong if the text contains a date that could not be read.
        """
        kind = KINDS[self.kind]
        if self.parsed_date.problem:
            return True
        return bool(self.url and (kind.is_issued or kind.is_published) and not self.occurred_on)


def capture_page(address: str) -> str:
    """Return the address if it is one of CAPTURE_PAGES, else ""."""
    return address if address in CAPTURE_PAGES else ""


def propose(
    text: str,
    today: dt.date,
    proving: Sequence[str] = (),
    months: Mapping[str, int] = ENGLISH_MONTHS,
) -> Proposal:
    """Propose a piece of evidence; `proving` are the kinds that prove its milestone.

    The text around a link becomes the title. Without a link it also becomes the description,
    because a piece needs one of the two. A date in the text takes precedence over one in the link.
    """
    is_stripped = strip_userinfo(text) != text
    text = clean_line(text)
    url, words = _split(text)
    words, further = _extract_links(words, url)
    parsed_date = find_date(words, today, months)
    if parsed_date.date and parsed_date.date.first < EARLIEST_DATE:
        parsed_date = ParsedDate(problem=UNREAD, text=parsed_date.text)
    max_length = MAX_LENGTHS["title"]
    if not url:
        kind = _choose_kind(_kinds_from_words(text), proving)
        return Proposal(
            shorten(text, max_length),
            description=text,
            kind=kind,
            occurred_on=parsed_date.date,
            parsed_date=parsed_date,
            is_stripped=is_stripped,
        )
    found = recognize(url)
    link = clean_link(url)
    title = words or (found.title if found else _display_link(link))
    if found and found.title and _KIND_ONLY.fullmatch(words):
        is_act = words.split()[0].lower() not in _DETERMINERS
        title = f"{words} {found.title}" if is_act else found.title
    date = found.occurred_on if found else None
    if date is not None and not (EARLIEST_DATE <= date.first <= today):
        date = None
    stated = stated_kind(words)
    kinds = (stated,) if stated else found.kinds if found else _kinds_from_words(words)
    return Proposal(
        title=shorten(title, max_length),
        url=link,
        description="\n\n".join(
            filter(None, [words if len(words) > max_length else "", *map(clean_link, further)])
        ),
        kind=_choose_kind(kinds, () if stated else proving),
        occurred_on=None if parsed_date.problem else parsed_date.date or date,
        form=found.name if found else "",
        further=further,
        parsed_date=parsed_date,
        is_stripped=is_stripped,
        secrets=tuple(
            dict.fromkeys(n for each in (link, *further) for n in secret_parameters(each))
        ),
    )


def roadmap_return_url(back: str | None, milestone: str) -> str:
    """Return the URL of the roadmap page that a piece was captured from, or "".

    The URL keeps the page's filter. Its `captured` parameter makes the page expand the milestone.
    """
    found = _ROADMAP_PAGE.fullmatch(back or "")
    if not found:
        return ""
    query = {**dict(parse_qsl(found[2] or "")), "captured": milestone}
    return f"{found[1]}?{urlencode(query)}"


def _choose_kind(kinds: Sequence[str], proving: Sequence[str]) -> str:
    """Return the first kind that proves the milestone, else the likeliest kind.

    If no kind was recognized, return the one that proves the milestone best.
    """
    return next((kind for kind in kinds if kind in proving), next(iter((*kinds, *proving)), OTHER))


def _kinds_from_words(words: str) -> tuple[str, ...]:
    kind = guess_kind(words)
    return (kind,) if kind != OTHER else ()


def _split(text: str) -> tuple[str, str]:
    """Return the first link of a text and the remaining words; either may be ""."""
    if found := _DOI.fullmatch(text):
        return f"https://doi.org/{found[1]}", ""
    if found := _ARXIV.fullmatch(text):
        return f"https://arxiv.org/abs/{found[1]}", ""
    if is_web_address(completed := complete_url(_trim_link(text))):
        return completed, ""
    if found := _MARKDOWN_LINK.search(text):
        words, url = f"{text[: found.start()]}{found[1]}{text[found.end() :]}", found[2]
    elif found := _LINK.search(text):
        url = _trim_link(found[0])
        before, after = text[: found.start()], text[found.start() + len(url) :]
        mark = ";" if after.startswith(";") else ""
        before, after = before.rstrip(_SEPARATORS), after.lstrip(f"{_SEPARATORS}.")
        if not _LINK.sub("", after).strip(_SEPARATORS + _TRAILING_PUNCTUATION):
            before = _drop_linking_words(before)
        if not before:
            after = _drop_linking_words(after, first=True)
        words = f"{before}{mark} {after}"
    else:
        return "", text
    if not is_web_address(url):
        return "", text
    return url, clean_line(words).strip(_SEPARATORS)


def _trim_link(link: str) -> str:
    """Strip trailing punctuation and unbalanced closing brackets from a link."""
    link = link.rstrip(_TRAILING_PUNCTUATION)
    while link.endswith(")") and link.count("(") < link.count(")"):
        link = link[:-1].rstrip(_TRAILING_PUNCTUATION)
    return link


def _extract_links(words: str, url: str) -> tuple[str, tuple[str, ...]]:
    """Return the words without further links, and these links without duplicates."""
    # The closing bracket may already have been stripped from the end of the text.
    words = re.sub(rf"(?i:{_MARKDOWN_LINK.pattern}?)", r"\1 \2 ", words) if url else words
    found = [each for each in _LINK.findall(words) if url]
    if not found:
        return words, ()
    links = {
        identifier_of(each): each.rstrip(f"{_TRAILING_PUNCTUATION})") for each in reversed(found)
    }
    links.pop(identifier_of(url), None)
    # Words that only connected a link to the text are not part of the title.
    *before, last = _LINK.split(words)
    parts = [_drop_linking_words(part).strip(_SEPARATORS) for part in before]
    last = last.strip(_SEPARATORS + _TRAILING_PUNCTUATION)
    if not any(parts):
        last = _drop_linking_words(last, first=True)
    return " ".join(filter(None, [*parts, last])), tuple(reversed(links.values()))


def _drop_linking_words(text: str, *, first: bool = False) -> str:
    """Drop linking words such as "and" or "see" from the end of a text, or from its start."""
    while text:
        text = text.strip(_SEPARATORS)
        head, _space, last = text.rpartition(" ")
        if first:
            last, _space, head = text.partition(" ")
        if last.lower().strip(f"{_SEPARATORS}.") not in _LINKING_WORDS:
            break
        text = head
    return text


def _display_link(link: str) -> str:
    """Return a link for display, without scheme, query and fragment."""
    return re.sub(r"^https?://(?:www\.)?|[?#].*$", "", link, flags=re.IGNORECASE).rstrip("/")
