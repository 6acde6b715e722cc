"""What the readers of JSON have in common. A file is hostile: any value may be of any type."""

from __future__ import annotations

import json
from typing import Any

from roadmap.core.text import strip_control_characters
from roadmap.importers.candidates import ImportFault
from roadmap.importers.text_files import decode_text

MAX_TEXT = 20_000


def load_json(data: bytes, otherwise: str) -> Any:
    """Return what a file holds. Raises ImportFault with the sentence `otherwise`."""
    try:
        return json.loads(decode_text(data, otherwise))
    except (ValueError, RecursionError):
        raise ImportFault(otherwise) from None


def as_text(value: Any) -> str:
    """Return a text or number as a text, "" for anything else."""
    if isinstance(value, str):
        return strip_control_characters(value[:MAX_TEXT]).strip()
    is_number = isinstance(value, int) and not isinstance(value, bool)
    # Python refuses to write very long numbers.
    return str(value) if is_number and abs(value) < 10**15 else ""


def text_at(value: Any, *path: str) -> str:
    """Return the text below some keys, "" where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return as_text(value)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, [] for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
