"""Replace the name, addresses and id of a person in texts and JSON values."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection
from typing import Any

from roadmap.erasure.decisions import ERASED, FORMER_COLLEAGUE

# In JSON that code wrote, the keys whose value is a name.
NAME_KEYS = frozenset({"rater", "witness"})

Scrub = Callable[[Any], Any]


def scrubber(user_id: uuid.UUID, name: str, emails: Collection[str]) -> Scrub:
    """Return a function that replaces all that names this person in a text or JSON value.

    Ids and addresses are replaced wherever they stand. A name is not: it may be any word, also one
    that code writes, such as the key or the status of a milestone in the history of somebody else.
    """
    ids = "|".join((re.escape(str(user_id)), user_id.hex))
    addresses = "|".join(map(re.escape, emails)) or r"(?!)"
    pattern = re.compile(rf"(?P<id>{ids})|(?<![\w.+-])(?:{addresses})(?![\w-]|\.\w)", re.IGNORECASE)
    folded = name.casefold()

    def replace(found: re.Match[str]) -> str:
        return ERASED if found["id"] else FORMER_COLLEAGUE

    def scrub(value: Any, key: str = "") -> Any:
        match value:
            case str() if key in NAME_KEYS and value.casefold() == folded:
                return FORMER_COLLEAGUE
            case str():
                return pattern.sub(replace, value)
            case list():
                return [scrub(each) for each in value]
            case dict():
                return {scrub(name): scrub(each, name) for name, each in value.items()}
        return value

    return scrub


def names_in(name: str) -> re.Pattern[str]:
    """Return what finds a name in a text, as a word."""
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def needles(user_id: uuid.UUID, name: str, emails: Collection[str]) -> set[str]:
    """Return what a stored text or JSON that names the person contains, in lower case.

    The name only as a whole value of JSON: a short one is in nearly every text.
    """
    texts = {str(user_id), user_id.hex, *emails}
    # JSON is stored with escapes for what is not ASCII.
    forms = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
    return {form.lower() for form in (*forms, json.dumps(name))}
