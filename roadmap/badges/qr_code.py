"""QR codes of badge URLs."""

from __future__ import annotations

import io


def draw_code(address: str) -> str:
    """Return a black-on-white SVG with the margin that scanners need."""
    import segno

    drawn = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(drawn, kind="svg", dark="#000", light="#fff", border=2, omitsize=True)
    return drawn.getvalue().decode()
