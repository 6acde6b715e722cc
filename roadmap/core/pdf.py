"""PDF from a typst template. What people wrote is data of the document, never part of its source.

The data goes in as one JSON text that the template reads with `json(bytes(sys.inputs.data))`, so
that nothing in it can be taken for markup or a command. Nothing is fetched, and the template
comes from our own files.

Setting happens in a process of its own, which costs a tenth of a second and buys three things: a
server process never carries typst's caches (tens of megabytes a document), a document that takes
too long or too much is given up, and no thread of the server waits for another's PDF.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60
"""Seconds after which a document is given up; 200 pieces take one or two."""
MAX_MEMORY_BYTES = 2 * 1024**3
"""Bytes of memory that one document may take."""

_TYPST_SCRIPT = Path(__file__).with_name("typst_process.py")
# What the fonts of the house cover for certain: Latin, Greek, Cyrillic, punctuation, arrows.
_COVERED_BY_FONTS = re.compile(
    "[\\s\x20-\u024f\u0300-\u036f\u0370-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u200b"
    "\u20a0-\u20bf\u2190-\u2193\u2212]*"
)


class PdfError(RuntimeError):
    """The document could not be set: it was too large, or the template is at fault."""


def render(
    template: bytes | str, data: dict[str, Any], fonts: Path, *, made_on: dt.date | None = None
) -> bytes:
    """The PDF of a template with its data, the same bytes for the same input.

    It is PDF/UA-1 (accessible), set with the fonts of `fonts` and those that typst carries, which
    are the same on every machine. Text in other scripts asks the machine's fonts as well; where
    they have no shape for a character either, which the standard refuses, a plain PDF shows a box.

    `made_on` is written into the file as the day it was made. Raises `NotRendered`.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    order = {
        "source": template if isinstance(template, str) else template.decode(),
        "data": text,
        "fonts": str(fonts),
        "system_fonts": _COVERED_BY_FONTS.fullmatch(text) is None,
        "made_at": _noon(made_on or dt.date(2000, 1, 1)),
        "most_memory": MAX_MEMORY_BYTES,
        "most_seconds": TIMEOUT_SECONDS,
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own file, by our own interpreter
            # -I: neither the environment nor the folder decides what it imports.
            [sys.executable, "-I", str(_TYPST_SCRIPT)],
            input=json.dumps(order).encode(),
            capture_output=True,
            # Nothing of ours goes along, secrets least of all; two threads leave a core to others.
            env={"RAYON_NUM_THREADS": "2"},
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise PdfError(f"given up after {TIMEOUT_SECONDS} s") from late
    messages = done.stderr.decode(errors="replace").strip()[-2_000:]
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise PdfError(messages or f"ended with {done.returncode}")
    if messages:
        log.info("PDF without PDF/UA-1: %s", messages)
    return done.stdout


def _noon(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC).timestamp()
