"""Guess the kind of evidence from a line of free text. Pure."""

from __future__ import annotations

import re

# The first kind with a matching word is proposed. The author can change it.
_KEYWORD_PATTERNS = {
    "interviewing": r"interview\w*|scorecards?|hiring|debrief(?:ed)?",
    "incident": r"incidents?|outages?|postmortems?|on-?call|paged|game days?|rolled back",
    "mentoring": r"mentor\w*|coach\w*|paired|pairing|onboard\w*|taught|helped|unblocked",
    "review_given": r"review(?:ed|s|ing)?|feedback on",
    "talk": r"talks?|presented|presentation|workshop|meetup|keynote",
    "blog_post": r"blog(?:ged)?|blog posts?|article",
    "publication": r"papers?|preprint|arxiv|camera-ready",
    "design_doc": r"design docs?|design documents?|rfcs?|adrs?|proposal",
    "open_source": r"upstream|open[- ]source|pull requests?|prs?|merged|released? v?\d\S*",
    "launch": r"launch(?:ed)?|shipped|rolled out|deployed|went live|in production",
}

# Statements of what the author did, at the start of a clause ("Mentored Jonas", but not "Fixed the
# mentoring page"). They take precedence over the form of a link.
_ACTIVITY_PATTERNS = {
    "interviewing": r"interviewed|interviewing|interview (?:loop|panel)|"
    r"(?:held|ran|did|led) (?:\S+ ){0,5}interviews?",
    "incident": r"incident (?:commander|led)|on-?call|wrote (?:\S+ ){0,5}postmortem|"
    r"postmortem (?:of|for)|(?:led|commanded|ran|handled|resolved|mitigated|managed) "
    r"(?:\S+ ){0,5}(?:incident|outage|game day)s?",
    "mentoring": r"mentor(?:ed|ing)|coach(?:ed|ing)|pair(?:ed|ing) with|onboarded|taught",
    "review_given": r"reviewed|reviewing|(?:code|design) reviews?|review of|"
    r"gave (?:\S+ ){0,3}feedback",
    "talk": r"presented|keynote|spoke at|talk at|lightning talk|(?:gave|held|ran) (?:\S+ ){0,5}"
    r"(?:talk|workshop|presentation|tutorial)",
    "blog_post": r"blogged|(?:wrote|published) (?:\S+ ){0,4}(?:blog post|article)",
    "publication": r"(?:published|submitted) (?:\S+ ){0,4}paper|camera-ready",
    "design_doc": r"(?:wrote|drafted) (?:\S+ ){0,4}(?:design doc(?:ument)?|rfc|adr)",
}


def _compile(words: dict[str, str], before: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(rf"{before}(?:{each})\b")) for kind, each in words.items())


_KINDS = _compile(_KEYWORD_PATTERNS, r"\b")
_ACTIVITIES = _compile(_ACTIVITY_PATTERNS, r"(?:^|[.,;:!] |\b(?:i|we|and|then) )(?:also )?")


def guess_kind(text: str) -> str:
    """Return the most likely kind of evidence for a line, or "other"."""
    return _first_match(_KINDS, text) or "other"


def stated_kind(text: str) -> str:
    """Return the kind of the activity that a line states explicitly, or ""."""
    return _first_match(_ACTIVITIES, text)


def _first_match(kinds: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str:
    text = text.casefold()
    return next((kind for kind, words in kinds if words.search(text)), "")
