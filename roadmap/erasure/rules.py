"""Find and replace a person's name, addresses and id in texts and JSON values."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from roadmap.erasure.decisions import ERASED, FORMER_COLLEAGUE

# Keys in generated JSON whose value is a name.
NAME_KEYS = frozenset({"rater", "witness"})


@dataclass(frozen=True)
class Person:
    """The identifiers of the person being erased."""

    id: uuid.UUID
    name: str
    emails: frozenset[str]
    requested_at: dt.datetime

    @cached_property
    def search_terms(self) -> frozenset[str]:
        """Return lower-case terms, of which every text or JSON that names the person contains one.

        The name is only searched as a whole JSON value, because a short one is part of most texts.
        """
        texts = {str(self.id), self.id.hex, *self.emails}
        # Stored JSON escapes non-ASCII characters.
        forms = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
        return frozenset(form.lower() for form in (*forms, json.dumps(self.name)))

    def scrub(self, value: Any, key: str = "") -> Any:
        """Replace the person's identifiers in a text or JSON value.

        Ids and addresses are replaced everywhere, the name only as the value of a key in
        `NAME_KEYS`. It may be any word, such as a milestone's key or status in the history of
        somebody else.
        """
        match value:
            case str() if key in NAME_KEYS and value.casefold() == self.name.casefold():
                return FORMER_COLLEAGUE
            case str():
                return self._pattern.sub(
                    lambda found: ERASED if found["id"] else FORMER_COLLEAGUE, value
                )
            case list():
                return [self.scrub(each) for each in value]
            case dict():
                return {self.scrub(name): self.scrub(each, name) for name, each in value.items()}
        return value

    def is_named_in(self, text: str) -> bool:
        """Return whether a text contains the name as a whole word."""
        return bool(re.search(rf"(?<!\w){re.escape(self.name)}(?!\w)", text, re.IGNORECASE))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        ids = "|".join((re.escape(str(self.id)), self.id.hex))
        addresses = "|".join(map(re.escape, self.emails)) or r"(?!)"
        return re.compile(
            rf"(?P<id>{ids})|(?<![\w.+-])(?:{addresses})(?![\w-]|\.\w)", re.IGNORECASE
        )
