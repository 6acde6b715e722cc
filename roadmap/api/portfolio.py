"""One's portfolio as a file."""

from __future__ import annotations

import logging
from typing import Annotated

from flask import abort
from pydantic import Field

from roadmap.api.fields import OneOf, Query
from roadmap.api.operation import Answer, operation, person
from roadmap.core.pdf import NotRendered
from roadmap.core.web import now
from roadmap.portfolio.files import export_file
from roadmap.portfolio.formats import FORMATS

log = logging.getLogger(__name__)


class OfFormat(Query):
    format: Annotated[
        str,
        OneOf(tuple(FORMATS)),
        Field(description="In which form."),
    ] = "json-resume"


@operation(
    "Your portfolio",
    answers={200: None},
    query=OfFormat,
    files=tuple(format_.mimetype for format_ in FORMATS.values()),
)
def export_portfolio(query: OfFormat) -> Answer:
    """The portfolio as a file, with the evidence that you chose for it.

    Only evidence of visibility `portfolio` is in it. At most 30 a minute.
    """
    try:
        return Answer(file=export_file(person(), query.format, now=now()))
    except NotRendered:
        log.exception("an export could not be made")
        abort(500)
