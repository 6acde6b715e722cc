"""Render PDFs from typst templates. User text is passed as data, never as template source.

Each document is rendered in a separate process, which costs 100 ms. This keeps typst's caches out
of the server and allows limits on time and memory.
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

# Limits per document. A portfolio with 200 pieces of evidence takes one or two seconds.
TIMEOUT_SECONDS = 60
MAX_MEMORY_BYTES = 2 * 1024**3

_TYPST_SCRIPT = Path(__file__).with_name("typst_process.py")
# Characters that the bundled fonts cover: Latin, Greek, Cyrillic, punctuation, arrows.
_COVERED_BY_FONTS = re.compile(
    "[\\s\x20-\u024f\u0300-\u036f\u0370-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u200b"
    "\u20a0-\u20bf\u2190-\u2193\u2212]*"
)


class PdfError(RuntimeError):
    """Rendering failed: the document is too large or the template has an error."""


def render(
    template: bytes | str, data: dict[str, Any], fonts: Path, *, made_on: dt.date | None = None
) -> bytes:
    """Render a template as a reproducible PDF. Raises PdfError.

    The document is PDF/UA-1 (accessible). It uses the fonts in `fonts` and typst's, and for other
    scripts the system's. If no font has a character, which PDF/UA forbids, the result is a plain
    PDF that shows a box instead. `made_on` is the creation date in the file.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    made_at = dt.datetime.combine(made_on or dt.date(2000, 1, 1), dt.time(12), tzinfo=dt.UTC)
    job = {
        "source": template if isinstance(template, str) else template.decode(),
        "data": text,
        "fonts": str(fonts),
        "system_fonts": _COVERED_BY_FONTS.fullmatch(text) is None,
        "made_at": made_at.timestamp(),
    }
    done = _run(job)
    messages = done.stderr.decode(errors="replace").strip()[-2_000:]
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise PdfError(messages or f"ended with {done.returncode}")
    if messages:
        log.info("PDF without PDF/UA-1: %s", messages)
    return done.stdout


def missing_characters(text: str, fonts: Path) -> str:
    """Return the characters that neither the bundled nor the system fonts have.

    A PDF shows a box for each. Checks at most 300 characters. Raises PdfError.
    """
    odd = [
        character
        for character in dict.fromkeys(text)
        if not _COVERED_BY_FONTS.fullmatch(character)
        # Control characters, surrogates, marks and spaces have no glyph of their own.
        and unicodedata.category(character) not in ("Cc", "Cf", "Cs")
        and unicodedata.category(character)[0] not in "MZ"
    ]
    if not odd:
        return ""
    done = _run({"characters": "".join(odd[:300]), "fonts": str(fonts), "system_fonts": True})
    if done.returncode != 0:
        raise PdfError(done.stderr.decode(errors="replace").strip()[-2_000:])
    return done.stdout.decode()


def _run(job: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
    """Run the typst process with a job. Raises PdfError on timeout."""
    job |= {"most_memory": MAX_MEMORY_BYTES, "most_seconds": TIMEOUT_SECONDS}
    try:
        return subprocess.run(  # noqa: S603 - our own file, by our own interpreter
            # -I isolates imports from the environment and current folder.
            [sys.executable, "-I", str(_TYPST_SCRIPT)],
            input=json.dumps(job).encode(),
            capture_output=True,
            # Pass no secrets. Two threads leave a core for other processes.
            env={"RAYON_NUM_THREADS": "2"},
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PdfError(f"given up after {TIMEOUT_SECONDS} s") from error
