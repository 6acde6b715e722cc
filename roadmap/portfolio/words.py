"""The words of an export in the reader's language, each looked up once.

An export says the same few words for every piece, and finding out anew which language is spoken
takes longer than writing what is said.
"""

from __future__ import annotations

from flask import g, has_app_context
from flask_babel import gettext as translated


def gettext(text: str, /, **values: object) -> str:
    """The text in the language of this request, with the values put in.

    Kept with the request, because another one may speak another language.
    """
    said = _said(text)
    return said % values if values else said


def _said(text: str) -> str:
    if not has_app_context():
        return translated(text)
    words: dict[str, str] | None = g.get("_portfolio_words")
    if words is None:
        words = g._portfolio_words = {}
    said = words.get(text)
    if said is None:
        said = words[text] = translated(text)
    return said
