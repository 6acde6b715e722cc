"""Compare e-mail addresses with the domain as A-labels, like browsers.

Revision: 1795931000
Revises: 1795920000
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import idna
import sqlalchemy as sa
from alembic import op

revision = "1795931000"
down_revision = "1795920000"
branch_labels = ()
depends_on = None

USER = sa.table("user", sa.column("id"), sa.column("email"), sa.column("email_key"))
INVITATION = sa.table("invitation", sa.column("id"), sa.column("email"), sa.column("email_key"))


def upgrade() -> None:
    replace_keys(key_with_a_labels)


def downgrade() -> None:
    replace_keys(folded)


def folded(email: str) -> str:
    text = unicodedata.normalize("NFKC", email).casefold()
    return unicodedata.normalize("NFKC", text).strip()


def key_with_a_labels(email: str) -> str:
    local, at, domain = unicodedata.normalize("NFKC", email).strip().rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        domain = folded(domain)
    return f"{folded(local)}{at}{domain}"


def replace_keys(make_key: Callable[[str], str]) -> None:
    """Update changed keys, except where another account already has the new key."""
    connection = op.get_bind()
    for table in (USER, INVITATION):
        rows = connection.execute(sa.select(table).order_by(table.c.id)).all()
        taken = {row.email_key for row in rows} if table is USER else set()
        for row in rows:
            if "@" not in row.email or (row.email.isascii() and "xn--" not in row.email.lower()):
                continue
            key = make_key(row.email)
            if key != row.email_key and key not in taken:
                change = sa.update(table).where(table.c.id == row.id).values(email_key=key)
                connection.execute(change)
                taken.add(key)
