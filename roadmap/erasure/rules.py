"""Replace the name, addresses and id of a person in texts and JSON values."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection
from typing import Any

from roadmap.erasure.decisions import ERASED, FORMER_COLLEAGUE

# A shorter name is replaced only where it is the whole text: "Al" stands in many words' place.
SHORTEST_NAME_IN_TEXT = 5

Scrub = Callable[[Any], Any]


def scrubber(user_id: uuid.UUID, name: str, emails: Collection[str]) -> Scrub:
    """Return a function that replaces all that names this person in a text or JSON value."""
    ids = "|".join((re.escape(str(user_id)), user_id.hex))
    shown = re.escape(name)
    whole = rf"(?<!\w){shown}(?!\w)" if len(name) >= SHORTEST_NAME_IN_TEXT else rf"\A{shown}\Z"
    named = "|".join([*(rf"(?<![\w.+-]){re.escape(each)}(?!\w)" for each in emails), whole])
    pattern = re.compile(rf"(?P<id>{ids})|{named}", re.IGNORECASE)

    def replace(found: re.Match[str]) -> str:
        return ERASED if found["id"] else FORMER_COLLEAGUE

    def scrub(value: Any) -> Any:
        match value:
            case str():
                return pattern.sub(replace, value)
            case list():
                return [scrub(each) for each in value]
            case dict():
                return {scrub(key): scrub(each) for key, each in value.items()}
        return value

    return scrub


def needles(user_id: uuid.UUID, name: str, emails: Collection[str]) -> set[str]:
    """Return what a stored text or JSON that names the person contains, in lower case."""
    texts = {str(user_id), user_id.hex, name, *emails}
    # JSON is stored with escapes for what is not ASCII.
    return {form.lower() for text in texts for form in (text, json.dumps(text)[1:-1])}
