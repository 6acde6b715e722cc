"""The table of requests to witnesses and their answers."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.i18n import _
from roadmap.core.text import fold
from roadmap.core.types import Base, Id, check_one_of, foreign_key
from roadmap.people.models import OwnerId

# '' until the witness answers.
ANSWERS = ("", "seen", "not_seen")


class Endorsement(Base):
    """A one-time link to a witness about one milestone, and their answer.

    `title` and `done_when` are copies of what the witness is shown, so that a later revision of the
    roadmap does not change what they confirmed. `asked` is the name of the person who was asked,
    `witness` the name that the witness entered.
    """

    __tablename__ = "endorsement"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    milestone_key: Mapped[str] = foreign_key("milestone.key", "RESTRICT", index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    done_when: Mapped[str] = mapped_column(sa.Text)
    asked: Mapped[str] = mapped_column(sa.String(100))
    message: Mapped[str] = mapped_column(sa.Text, default="")
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    answer: Mapped[str] = mapped_column(sa.String(8), default="")
    witness: Mapped[str] = mapped_column(sa.String(100), default="")
    affiliation: Mapped[str] = mapped_column(sa.String(200), default="")
    statement: Mapped[str] = mapped_column(sa.Text, default="")
    # The installation from whose archive it was imported; "" for a local endorsement.
    imported_from: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")

    __table_args__ = (check_one_of("answer", "answer", ANSWERS),)

    @property
    def witness_label(self) -> str:
        """Return the witness's name with their affiliation, and the source of an imported answer.

        Additions are enclosed in commas for use within a sentence: "Frank, tech lead,".
        """
        name = self.witness
        # Some witnesses enter their name as their role as well.
        if self.affiliation and fold(self.affiliation) != fold(name):
            name = f"{name}, {self.affiliation},"
        if self.imported_from:
            name = name.removesuffix(",")
            return _("%(name)s, imported from %(place)s,", name=name, place=self.imported_from)
        return name

    def is_open(self, now: dt.datetime) -> bool:
        return self.answered_at is None and now < self.expires_at
