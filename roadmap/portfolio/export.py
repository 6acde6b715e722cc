"""Export a portfolio as a file, for the page and the API."""

from __future__ import annotations

import datetime as dt
import re

from flask import Response, request

from roadmap.core.database import db
from roadmap.core.limiter import export_slot
from roadmap.core.proxy import client_address
from roadmap.core.text import fold
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.queries import load_document


class MissingCharacters(Exception):
    """The format would show boxes in place of some `characters`."""

    def __init__(self, characters: str) -> None:
        super().__init__(characters)
        self.characters = characters


def export_file(
    actor: Actor, name: str, *, now: dt.datetime, accepts_boxes: bool = True
) -> Response:
    """Return the actor's portfolio in the format with this key.

    Ends the request's transaction, because the export is audited in one of its own. Raises KeyError
    for an unknown format, TooBusy, PdfError where the file could not be made, and MissingCharacters
    instead of a file with boxes unless the reader `accepts_boxes`.
    """
    chosen = FORMATS[name]
    with export_slot():
        document = load_document(db.session, actor.id, actor.today(now))
        if not accepts_boxes and (missing := chosen.missing(document)):
            raise MissingCharacters(missing)
        made = chosen.render(document)
    if request.method == "GET":  # and not HEAD
        db.session.rollback()
        with db.own_transaction() as own:
            record_audit(
                own,
                by=actor.id,
                action="portfolio.exported",
                target=name,
                address=client_address(),
                now=now,
                format=str(chosen.title),
            )
    response = Response(made, mimetype=chosen.mimetype)
    filename = f"{file_stem(actor.name)}.{chosen.extension}"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def file_stem(name: str) -> str:
    """Return a file name that is safe everywhere, from a person's name: `anna-lopez-portfolio`."""
    plain = fold(name).encode("ascii", "ignore").decode()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-")
    return f"{words}-portfolio" if words else "portfolio"
