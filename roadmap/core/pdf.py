"""PDF from a typst template. Texts of people are data of the document, never part of its source.

Each document is typeset in a separate process, which costs 100 ms: the server never keeps typst's
caches, and a document that takes too long or too much memory is ended.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

# The limits of one document; 200 pieces take one or two seconds.
TIMEOUT_SECONDS = 60
MAX_MEMORY_BYTES = 2 * 1024**3

_TYPST_SCRIPT = Path(__file__).with_name("typst_process.py")
# What our fonts cover for certain: Latin, Greek, Cyrillic, punctuation, arrows.
_COVERED_BY_FONTS = re.compile(
    "[\\s\x20-\u024f\u0300-\u036f\u0370-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u200b"
    "\u20a0-\u20bf\u2190-\u2193\u2212]*"
)


class PdfError(RuntimeError):
    """The document could not be typeset: it is too large, or the template has a fault."""


def render(
    template: bytes | str, data: dict[str, Any], fonts: Path, *, made_on: dt.date | None = None
) -> bytes:
    """Render a template with its data as PDF; equal input gives equal bytes. Raises PdfError.

    The document is PDF/UA-1 (accessible), set with the fonts in `fonts` and those in typst; text in
    other scripts may use the machine's. Where those lack a character too, which PDF/UA refuses, the
    result is a plain PDF with a box. `made_on` is the date in the file.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    made_at = dt.datetime.combine(made_on or dt.date(2000, 1, 1), dt.time(12), tzinfo=dt.UTC)
    order = {
        "source": template if isinstance(template, str) else template.decode(),
        "data": text,
        "fonts": str(fonts),
        "system_fonts": _COVERED_BY_FONTS.fullmatch(text) is None,
        "made_at": made_at.timestamp(),
    }
    done = _run(order)
    messages = done.stderr.decode(errors="replace").strip()[-2_000:]
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise PdfError(messages or f"ended with {done.returncode}")
    if messages:
        log.info("PDF without PDF/UA-1: %s", messages)
    return done.stdout


def missing_characters(text: str, fonts: Path) -> str:
    """Return the characters of a text that neither our fonts nor the machine's have.

    A PDF shows a box for each. At most 300 are tried. Raises PdfError.
    """
    odd = [
        character
        for character in dict.fromkeys(text)
        if not _COVERED_BY_FONTS.fullmatch(character)
        # Controls, surrogates, marks and spaces have no shape of their own.
        and unicodedata.category(character) not in ("Cc", "Cf", "Cs")
        and unicodedata.category(character)[0] not in "MZ"
    ]
    if not odd:
        return ""
    done = _run({"characters": "".join(odd[:300]), "fonts": str(fonts), "system_fonts": True})
    if done.returncode != 0:
        raise PdfError(done.stderr.decode(errors="replace").strip()[-2_000:])
    return done.stdout.decode()


def _run(order: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
    """Give an order to a process of its own. Raises PdfError where that takes too long."""
    order |= {"most_memory": MAX_MEMORY_BYTES, "most_seconds": TIMEOUT_SECONDS}
    try:
        return subprocess.run(  # noqa: S603 - our own file, by our own interpreter
            # -I: environment and current folder do not change what it imports.
            [sys.executable, "-I", str(_TYPST_SCRIPT)],
            input=json.dumps(order).encode(),
            capture_output=True,
            # No secrets in the environment; two threads leave a core to other processes.
            env={"RAYON_NUM_THREADS": "2"},
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise PdfError(f"given up after {TIMEOUT_SECONDS} s") from late
