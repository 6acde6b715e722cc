"""Search ranking of folded texts, in Python and in SQL. A test compares the two."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import sqlalchemy as sa

# Characters that precede the start of a word in a title.
WORD_STARTS = (" ", "-", "(", "/", '"', "“")
# LIKE pattern for the rest of a text after a match in its first line.
FIRST_LINE = "%\n"
Text = sa.SQLColumnExpression[str]


class Rank(IntEnum):
    """Where the words were found, best first."""

    TITLE_START = 0
    TITLE_WORDS = 1
    TITLE_PARTS = 2
    TEXT = 3


def rank(words: Sequence[str], title: str, text: str = "") -> Rank | None:
    """Rank a folded title and text. Returns None if a word is in neither."""
    if any(word not in title and word not in text for word in words):
        return None
    if not all(word in title for word in words):
        return Rank.TEXT
    padded_title = f" {title}"
    if not all(any(start + word in padded_title for start in WORD_STARTS) for word in words):
        return Rank.TITLE_PARTS
    return Rank.TITLE_START if title.startswith(tuple(words[:1])) else Rank.TITLE_WORDS


def rank_in_sql(words: int, title: Text, end: str = "") -> sa.ColumnElement[int]:
    """Return the SQL for `rank` of rows that have all words, bound by `word_parameters`.

    `end` is a LIKE pattern that follows the title, for a column that holds more than the title.
    """
    searched = [_word_parameter(place) + end for place in range(words)]
    starts_words = (
        sa.or_(
            title.startswith(word, escape="/"),
            *(title.contains(_escape_like(start) + word, escape="/") for start in WORD_STARTS),
        )
        for word in searched
    )
    return sa.case(
        (
            sa.not_(sa.and_(*(title.contains(word, escape="/") for word in searched))),
            int(Rank.TEXT),
        ),
        (sa.not_(sa.and_(*starts_words)), int(Rank.TITLE_PARTS)),
        (title.startswith(searched[0], escape="/"), int(Rank.TITLE_START)),
        else_=int(Rank.TITLE_WORDS),
    )


def has_words(
    words: int, *texts: Text, first_line_of: Text | None = None
) -> sa.ColumnElement[bool]:
    """Return the condition that each word occurs in one of these columns.

    Only the first line of the column `first_line_of` is searched.
    """

    def contains_word(word: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        found = [text.contains(word, escape="/") for text in texts]
        if first_line_of is not None:
            found.append(first_line_of.contains(word + FIRST_LINE, escape="/"))
        return sa.or_(*found)

    return sa.and_(sa.true(), *(contains_word(_word_parameter(place)) for place in range(words)))


def word_parameters(words: Sequence[str]) -> dict[str, str]:
    """Return the bind parameters for the words, escaped for LIKE."""
    return {f"word{place}": _escape_like(word) for place, word in enumerate(words)}


def _word_parameter(place: int) -> sa.BindParameter[str]:
    return sa.bindparam(f"word{place}", type_=sa.Text)


def _escape_like(word: str) -> str:
    return "".join(f"/{each}" if each in "/%_" else each for each in word)
