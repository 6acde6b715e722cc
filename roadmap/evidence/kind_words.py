"""What kind of evidence a line in somebody's own words is probably about. Pure."""

from __future__ import annotations

import re

# The first kind of which a word stands in the line is proposed; its author can change it.
_WORDS = {
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
_KINDS = tuple((kind, re.compile(rf"\b(?:{words})\b")) for kind, words in _WORDS.items())


def propose_kind(text: str) -> str:
    """Return the kind of evidence that a line is probably about, `other` where no word says."""
    text = text.casefold()
    return next((kind for kind, words in _KINDS if words.search(text)), "other")
