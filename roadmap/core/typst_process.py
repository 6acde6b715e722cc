"""Render a PDF in a separate process: JSON on stdin, PDF on stdout, see `pdf.py`.

Imports typst but no module of Cairn. Writes to stderr why a document is not PDF/UA-1, and exits
with 1 if no PDF could be rendered.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from typing import Any


def main() -> int:
    job = json.load(sys.stdin)
    _limit(job["most_memory"], job["most_seconds"])
    import typst

    fonts = typst.Fonts(
        include_system_fonts=job["system_fonts"],
        include_embedded_fonts=True,
        font_paths=[job["fonts"]],
    )
    compiler = typst.Compiler(root=job["fonts"], font_paths=fonts)
    if "characters" in job:
        missing = [each for each in job["characters"] if not _has_font(compiler, each)]
        sys.stdout.buffer.write("".join(missing).encode())
        return 0
    for standards in (["ua-1"], []):
        try:
            # The second attempt reuses the layout and only writes the file.
            pdf: Any = compiler.compile(
                job["source"].encode(),
                format="pdf",
                sys_inputs={"data": job["data"]},
                pdf_standards=standards,  # type: ignore[arg-type]
                timestamp=dt.datetime.fromtimestamp(job["made_at"], dt.UTC),
            )
        except typst.TypstError as error:
            sys.stderr.write(f"{error.message}\n")
            continue
        sys.stdout.buffer.write(pdf)
        return 0
    return 1


def _has_font(compiler: Any, character: str) -> bool:
    """Return whether a font has a character, by rendering it as PDF/UA-1, which requires one."""
    import typst

    source = b'#set document(title: "-")\n#sys.inputs.data'
    try:
        compiler.compile(
            source, format="pdf", sys_inputs={"data": character}, pdf_standards=["ua-1"]
        )
    except typst.TypstError:
        return False
    return True


def _limit(memory: int, seconds: int) -> None:
    """Limit this process's memory and CPU time, where the system supports it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        # Not RLIMIT_AS, because threads reserve address space that they never use.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds * 4, seconds * 4))


if __name__ == "__main__":
    sys.exit(main())
