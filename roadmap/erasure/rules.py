"""Find and replace the name, addresses and id of a person in texts and JSON values."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from roadmap.erasure.decisions import ERASED, FORMER_COLLEAGUE

# In JSON that code wrote, the keys whose value is a name.
NAME_KEYS = frozenset({"rater", "witness"})


@dataclass(frozen=True)
class Person:
    """Who is erased, as far as it is needed to find what names them."""

    id: uuid.UUID
    name: str
    emails: frozenset[str]
    requested_at: dt.datetime

    @cached_property
    def needles(self) -> frozenset[str]:
        """Return what a stored text or JSON that names the person contains, in lower case.

        The name only as a whole value of JSON: a short one is in nearly every text.
        """
        texts = {str(self.id), self.id.hex, *self.emails}
        # JSON is stored with escapes for what is not ASCII.
        forms = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
        return frozenset(form.lower() for form in (*forms, json.dumps(self.name)))

    def scrub(self, value: Any, key: str = "") -> Any:
        """Replace all that names the person in a text or JSON value.

        Ids and addresses are replaced wherever they stand. A name is not: it may be any word, also
        one that code writes, such as the key or the status of a milestone in the history of
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
        """Return whether a text has the name as a word."""
        return bool(re.search(rf"(?<!\w){re.escape(self.name)}(?!\w)", text, re.IGNORECASE))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        ids = "|".join((re.escape(str(self.id)), self.id.hex))
        addresses = "|".join(map(re.escape, self.emails)) or r"(?!)"
        return re.compile(
            rf"(?P<id>{ids})|(?<![\w.+-])(?:{addresses})(?![\w-]|\.\w)", re.IGNORECASE
        )
