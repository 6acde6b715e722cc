"""PDF from a typst template. What people wrote is data of the document, never part of its source.

The data goes in as one JSON text that the template reads with `json(bytes(sys.inputs.data))`, so
that nothing in it can be taken for markup or a command. Nothing is fetched, and the template
comes from our own files.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typst

log = logging.getLogger(__name__)


class NotRendered(RuntimeError):
    """The document could not be set. The template is at fault, not the person."""


@lru_cache(maxsize=4)
def _fonts(folder: Path, *, of_the_system: bool) -> typst.Fonts:
    """The fonts of a folder, before them those that typst carries, behind them the machine's."""
    import typst

    return typst.Fonts(
        include_system_fonts=of_the_system, include_embedded_fonts=True, font_paths=[folder]
    )


def render(
    template: bytes | str, data: dict[str, Any], fonts: Path, *, made_on: dt.date | None = None
) -> bytes:
    """The PDF of a template with its data, the same bytes for the same input.

    First as PDF/UA-1 (accessible) with the fonts of `fonts`, which are the same on every machine.
    That standard refuses a character for which no font has a shape, so next the fonts that the
    machine has are asked as well, and at last a plain PDF shows a box for it.

    `made_on` is written into the file as the day it was made. Raises `NotRendered`.
    """
    # The import takes 40 ms and 60 MB that only those should pay who want a PDF.
    import typst

    source = template.encode() if isinstance(template, str) else template
    made_at = dt.datetime.combine(made_on or dt.date(2000, 1, 1), dt.time(12), tzinfo=dt.UTC)
    inputs = {"data": json.dumps(data, ensure_ascii=False, separators=(",", ":"))}
    refused = ""
    for of_the_system, standards in ((False, ["ua-1"]), (True, ["ua-1"]), (True, [])):
        compiler = typst.Compiler(root=fonts, font_paths=_fonts(fonts, of_the_system=of_the_system))
        try:
            pdf = compiler.compile(
                source,
                format="pdf",
                sys_inputs=inputs,
                pdf_standards=standards,  # type: ignore[arg-type]
                timestamp=made_at,
            )
        except typst.TypstError as error:
            refused = error.message
            log.info("a PDF was refused: %s", refused)
            continue
        assert isinstance(pdf, bytes)  # noqa: S101 - a PDF is one file, whatever its pages
        return pdf
    raise NotRendered(refused)
