"""The address of a badge as a QR code."""

from __future__ import annotations

import io


def draw_code(address: str) -> str:
    """Return an SVG in black on white, with the margin that readers need."""
    import segno

    drawn = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(drawn, kind="svg", dark="#000", light="#fff", border=2, omitsize=True)
    return drawn.getvalue().decode()
