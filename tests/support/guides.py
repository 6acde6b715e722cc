"""Code blocks of the documentation, which tests execute as written."""

from __future__ import annotations

import re

from roadmap.core.config import ROOT

# Markdown fences without a language.
_BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read_guide(name: str) -> str:
    """Return the text of a page in `docs`."""
    return (ROOT / "docs" / name).read_text("utf-8")


def code_blocks(text: str) -> list[str]:
    """Return the code blocks of a page's text."""
    return _BLOCK.findall(text)


def code_block_with(name: str, text: str) -> str:
    """Return the only code block of a page in `docs` that contains `text`."""
    (found,) = (block for block in code_blocks(read_guide(name)) if text in block)
    return found
