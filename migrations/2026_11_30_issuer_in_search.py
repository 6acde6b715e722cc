"""Add the issuer to the folded text for searching.

Revision: 1796400000
Revises: 1796350000
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "1796400000"
down_revision = "1796350000"
branch_labels = ()
depends_on = None

CHUNK = 1000
MARKS = re.compile("[\u0300-\u036f]")
LETTERS = dict(zip("øłđðħıŧŋς", "olddhitnσ", strict=True))
PLAIN = str.maketrans(LETTERS | {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"})


def upgrade() -> None:
    store_folded_text("description", "role", "issuer")


def downgrade() -> None:
    store_folded_text("description", "role")


def fold(text: str) -> str:
    return MARKS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(PLAIN)


def store_folded_text(*sources: str) -> None:
    names = ("description", "role", "issuer", "search_text")
    table = sa.table("evidence_version", sa.column("id", sa.Uuid), *map(sa.column, names))
    texts = sa.select(table.c.id, *(table.c[source] for source in sources))
    texts = texts.where(table.c.issuer != "").order_by(table.c.id).limit(CHUNK)
    update = sa.update(table).where(table.c.id == sa.bindparam("key", type_=sa.Uuid))
    connection, last = op.get_bind(), None
    while rows := connection.execute(texts.where(table.c.id > last if last else sa.true())).all():
        connection.execute(
            update.values(search_text=sa.bindparam("folded")),
            [{"key": key, "folded": fold("\n".join(lines))} for key, *lines in rows],
        )
        last = rows[-1].id
