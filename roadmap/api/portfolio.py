"""One's portfolio as a file."""

from __future__ import annotations

import logging
from typing import Annotated

from flask import Response, abort
from pydantic import Field

from roadmap.api.field_types import OneOf, Query
from roadmap.api.operation import current_actor, operation
from roadmap.core.pdf import PdfError
from roadmap.core.web import now
from roadmap.portfolio.export import export_file
from roadmap.portfolio.formats.registry import FORMATS

log = logging.getLogger(__name__)


class ExportQuery(Query):
    format: Annotated[
        str,
        OneOf(tuple(FORMATS)),
        Field(description="In which form."),
    ] = "json-resume"


@operation(
    "Your portfolio",
    answers={200: None},
    files=tuple(format_.mimetype for format_ in FORMATS.values()),
)
def export_portfolio(query: ExportQuery) -> Response:
    """The portfolio as a file, with the evidence that you chose for it.

    Only evidence of visibility `portfolio` is in it. At most 30 a minute.
    """
    try:
        return export_file(current_actor(), query.format, now=now())
    except PdfError:
        log.exception("an export could not be made")
        abort(500)
