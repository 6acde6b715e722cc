"""The words of an export in the reader's language, each looked up once.

An export says the same few words for every piece, and finding out anew which language is spoken
takes longer than writing what is said.
"""

from __future__ import annotations

from flask import g
from flask_babel import gettext as translated


def gettext(text: str, /, **values: object) -> str:
    """The text in the language of this request, with the values put in.

    Kept with the request, because another one may speak another language.
    """
    said = _said(text)
    return said % values if values else said


def _said(text: str) -> str:
    try:
        words: dict[str, str] = g._portfolio_words
    except AttributeError:
        words = g._portfolio_words = {}
    except RuntimeError:  # There is no request, and so no language but that of the text itself.
        return translated(text)
    said = words.get(text)
    if said is None:
        said = words[text] = translated(text)
    return said
