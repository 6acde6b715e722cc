"""Search ranking gives the same result in Python and in SQL."""

from __future__ import annotations

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from roadmap.core.ranking import FIRST_LINE, Rank, has_words, rank, rank_in_sql, word_parameters

TEXTS = st.text('ab%_/-( "', max_size=9)
WORDS = st.lists(st.text("ab%_/(", min_size=1, max_size=3), min_size=1, max_size=3)


def test_rank_prefers_title_start_then_words_then_parts_then_text() -> None:
    assert rank(["low"], "low latency") == Rank.TITLE_START
    assert rank(["lat", "low"], "low latency") == Rank.TITLE_WORDS
    assert rank(["low"], "very-low latency") == Rank.TITLE_WORDS
    assert rank(["low"], "slow latency") == Rank.TITLE_PARTS
    assert rank(["low", "cost"], "low latency", "at what cost") == Rank.TEXT
    assert rank(["low"], "latency") is None


def test_python_and_sql_rank_alike(session: Session) -> None:
    # A shared database can be slow.
    @settings(deadline=None)
    @given(WORDS, TEXTS, TEXTS)
    def agree(words: list[str], title: str, text: str) -> None:
        columns = [sa.literal(each, sa.Text) for each in (title, text)]
        plain, lines = sa.literal(title, sa.Text), sa.literal(f"{title}\nits end", sa.Text)
        for found, place in (
            (has_words(len(words), plain), rank_in_sql(len(words), plain)),
            (
                has_words(len(words), first_line_of=lines),
                rank_in_sql(len(words), lines, FIRST_LINE),
            ),
        ):
            in_title = session.scalar(sa.select(sa.case((found, place))), word_parameters(words))
            assert in_title == rank(words, title)
        both = sa.case((has_words(len(words), *columns), rank_in_sql(len(words), columns[0])))
        assert session.scalar(sa.select(both), word_parameters(words)) == rank(words, title, text)

    agree()
