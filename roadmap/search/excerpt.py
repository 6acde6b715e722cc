"""Excerpts of search results with highlighted words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from roadmap.core.i18n import _
from roadmap.core.markdown import to_plain_text_on_page
from roadmap.core.text import fold
from roadmap.search.kind import Hit

_OPEN, _CLOSE = Markup("<mark>"), Markup("</mark>")
# Link addresses in Markdown, which its plain text lacks.
_LINK_ADDRESS = re.compile(r"(?:(?<=\]\()|(?<=\]: ))[^\s)]+")


def hit_excerpt(hit: Hit, words: Sequence[str], max_length: int) -> Markup:
    """Return the excerpt of the first text of a hit that has a word, else the start of its text."""
    text = to_plain_text_on_page(hit.text) if hit.is_markdown else hit.text
    found = excerpt(text, words, max_length)
    if _OPEN in found:
        return found
    addresses = _LINK_ADDRESS.findall(hit.text) if hit.is_markdown else ()
    for label, detail in (*hit.details, *((_("Link"), address) for address in addresses)):
        marked = excerpt(detail, words, max_length)
        if _OPEN in marked:
            return Markup("{}: {}").format(label, marked)
    return found


def excerpt(text: str, words: Sequence[str], max_length: int) -> Markup:
    """Return about `max_length` characters around the first match as safe HTML with `<mark>`."""
    text = " ".join(text.split())
    folded, starts = _fold_with_offsets(text)
    found = [
        (starts[match.start()], starts[match.end()])
        for match in re.finditer("|".join(map(re.escape, words)) or "$^", folded)
    ]
    first = 0
    if found and found[0][1] > max_length:
        # Include some context before the first match.
        before = found[0][0] - max_length // 3
        first = text.find(" ", before, found[0][0]) + 1 or found[0][0]
    last = len(text)
    if last > first + max_length:
        last = text.rfind(" ", first, first + max_length)
        last = last if last > first else first + max_length
    parts, at = [escape("… " if first else "")], first
    for start, end in found:
        if at <= start < last:
            end = min(end, last)
            parts += [escape(text[at:start]), _OPEN, escape(text[start:end]), _CLOSE]
            at = end
    parts += [escape(text[at:last]), escape(" …" if last < len(text) else "")]
    return Markup("").join(parts)


def _fold_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """Return the folded text, and for each offset in it (and its end) the original offset."""
    whole = fold(text)
    if len(whole) == len(text):
        return whole, range(len(text) + 1)
    folded, starts = [], []
    for place, letter in enumerate(text):
        plain = fold(letter)
        folded.append(plain)
        starts += [place] * len(plain)
    return "".join(folded), [*starts, len(text)]
