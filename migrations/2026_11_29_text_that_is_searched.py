"""Store folded text for searching and sorting.

Revision: 1795945000
Revises: 1795942000
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "1795945000"
down_revision = "1795942000"
branch_labels = ()
depends_on = None

COLUMN = "search_text"
SOURCES = {
    "user": ("name", "email"),
    "evidence": ("title",),
    "evidence_version": ("description", "role"),
}
CHUNK = 1000
MARKS = re.compile("[\u0300-\u036f]")
LETTERS = dict(zip("øłđðħıŧŋς", "olddhitnσ", strict=True))
PLAIN = str.maketrans(LETTERS | {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"})


def upgrade() -> None:
    collation = "C" if op.get_bind().dialect.name == "postgresql" else None
    for table, sources in SOURCES.items():
        text = sa.Column(COLUMN, sa.Text(collation=collation), server_default="", nullable=False)
        op.add_column(table, text)
        store_folded_text(table, sources)


def downgrade() -> None:
    for table in SOURCES:
        op.drop_column(table, COLUMN)


def fold(text: str) -> str:
    return MARKS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(PLAIN)


def store_folded_text(name: str, sources: tuple[str, ...]) -> None:
    table = sa.table(name, sa.column("id", sa.Uuid), *map(sa.column, (*sources, COLUMN)))
    texts = sa.select(table.c.id, *(table.c[source] for source in sources))
    update = sa.update(table).where(table.c.id == sa.bindparam("key", type_=sa.Uuid))
    connection, last = op.get_bind(), None
    while rows := connection.execute(
        texts.where(table.c.id > last if last else sa.true()).order_by(table.c.id).limit(CHUNK)
    ).all():
        connection.execute(
            update.values({COLUMN: sa.bindparam("folded")}),
            [{"key": key, "folded": fold("\n".join(lines))} for key, *lines in rows],
        )
        last = rows[-1].id
