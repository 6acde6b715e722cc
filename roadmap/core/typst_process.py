"""The process in which a PDF is set: an order as JSON on stdin, the PDF on stdout.

Started by `pdf.render` as a file, isolated, so that it loads typst and nothing of ours. Says on
stderr why a document is not PDF/UA-1; ends with 1 and the reason if there is no PDF at all.
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
    for standards in (["ua-1"], []):
        try:
            # The second round finds the pages already laid out, and only writes the file.
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


def _limit(memory: int, seconds: int) -> None:
    """Holds this process to its share. Not every system has limits; the parent's clock runs too."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        # Not RLIMIT_AS: every thread reserves address space that it never touches.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds * 4, seconds * 4))


if __name__ == "__main__":
    sys.exit(main())
