"""`fold` in a statement of either database, to search and to sort by it there."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from roadmap.core.text import LETTERS, LIGATURES, MARKS


class folded(GenericFunction[str]):  # noqa: N801 - used as a function of SQL
    """`core.text.fold` of a column: SQLite calls it, PostgreSQL does the same by itself."""

    type = sa.Text()
    inherit_cache = True
    name = "fold"


@compiles(folded, "postgresql")
def _compile_for_postgres(element: folded, compiler: Any, **more: Any) -> str:
    text = compiler.process(element.clauses, **more)
    text = f"lower(regexp_replace(normalize({text}, NFKD), '{MARKS}', '', 'g'))"
    text = f"translate({text}, '{''.join(LETTERS)}', '{''.join(LETTERS.values())}')"
    for letter, plain in LIGATURES.items():
        text = f"replace({text}, '{letter}', '{plain}')"
    return f'{text} COLLATE "C"'
