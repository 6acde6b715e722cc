"""One's portfolio as a file."""

from __future__ import annotations

import logging
import uuid
from typing import Annotated

from flask import Response, abort
from pydantic import Field

from roadmap.api.field_types import OneOf, Query
from roadmap.api.operation import current_actor, operation
from roadmap.core.pdf import PdfError
from roadmap.core.web import now
from roadmap.portfolio.export import export_file
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.queries import NoPortfolio

log = logging.getLogger(__name__)


class ExportQuery(Query):
    format: Annotated[
        str,
        OneOf(tuple(FORMATS)),
        Field(description="In which form."),
    ] = "json-resume"
    portfolio: uuid.UUID | None = Field(
        None, description="Which of your portfolios; the default one where it is left out."
    )


@operation(
    "Your portfolio",
    answers={200: None},
    refuses=(404,),
    files=tuple(format_.mimetype for format_ in FORMATS.values()),
)
def export_portfolio(query: ExportQuery) -> Response:
    """The portfolio as a file, with the evidence that you chose for it.

    Only evidence of visibility `portfolio` is in it. At most 30 a minute.
    """
    try:
        return export_file(current_actor(), query.format, query.portfolio, now=now())
    except NoPortfolio:
        abort(404)
    except PdfError:
        log.exception("an export could not be made")
        abort(500)
