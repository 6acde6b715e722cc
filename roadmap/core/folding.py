"""Folded search text stored in each row, so that both databases search and sort alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import MappedColumn, Mapper, mapped_column

from roadmap.core.text import fold
from roadmap.core.types import Base


def search_text_of(*sources: str) -> MappedColumn[str]:
    """Declare the column `search_text`: the folded text of other columns, one per line.

    INSERTs and ORM updates maintain it. A bulk UPDATE statement does not, so it must not change a
    source column.
    """

    def fold_inserted(context: Any) -> str:
        return _fold_lines(*map(context.get_current_parameters().get, sources))

    return mapped_column(
        sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
        default=fold_inserted,
        server_default="",
        deferred=True,
        info={"sources": sources},
    )


@event.listens_for(Base, "before_update", propagate=True)
def _fold_changed(mapper: Mapper[Any], _connection: sa.Connection, row: Any) -> None:
    if (column := mapper.columns.get("search_text")) is None:
        return
    attributes, sources = sa.inspect(row).attrs, column.info["sources"]
    if any(attributes[name].history.has_changes() for name in sources):
        row.search_text = _fold_lines(*(getattr(row, name) for name in sources))


def _fold_lines(*lines: str | None) -> str:
    return fold("\n".join(line or "" for line in lines))
