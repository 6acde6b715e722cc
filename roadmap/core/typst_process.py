"""Typeset a PDF in a separate process: JSON on stdin, PDF on stdout, see `pdf.py`.

It loads typst and nothing of ours. It writes to stderr why a document is not PDF/UA-1, and exits
with 1 and the reason without a PDF.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from typing import Any


def main() -> int:
    order = json.load(sys.stdin)
    _limit(order["most_memory"], order["most_seconds"])
    import typst

    fonts = typst.Fonts(
        include_system_fonts=order["system_fonts"],
        include_embedded_fonts=True,
        font_paths=[order["fonts"]],
    )
    compiler = typst.Compiler(root=order["fonts"], font_paths=fonts)
    if "characters" in order:
        missing = [each for each in order["characters"] if not _has_font(compiler, each)]
        sys.stdout.buffer.write("".join(missing).encode())
        return 0
    for standards in (["ua-1"], []):
        try:
            # The second run reuses the layout and only writes the file.
            pdf: Any = compiler.compile(
                order["source"].encode(),
                format="pdf",
                sys_inputs={"data": order["data"]},
                pdf_standards=standards,  # type: ignore[arg-type]
                timestamp=dt.datetime.fromtimestamp(order["made_at"], dt.UTC),
            )
        except typst.TypstError as error:
            sys.stderr.write(f"{error.message}\n")
            continue
        sys.stdout.buffer.write(pdf)
        return 0
    return 1


def _has_font(compiler: Any, character: str) -> bool:
    """Tell whether a font has a character: PDF/UA-1 refuses a document with one that none has."""
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
    """Limit this process's memory and time. Not all systems can; the parent has a timeout too."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        # Not RLIMIT_AS: threads reserve address space that they never use.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds * 4, seconds * 4))


if __name__ == "__main__":
    sys.exit(main())
