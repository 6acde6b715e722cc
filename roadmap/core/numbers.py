"""Numbers that a browser sends, in a field or in the name of one: bounded before they are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from wtforms import DecimalField, FieldList, IntegerField


def parse_whole_number(text: object) -> int | None:
    """Return the number of at most nine ASCII digits, None for anything else."""
    digits = str(text or "")
    return int(digits) if re.fullmatch(r"[0-9]{1,9}", digits) else None


class PlainDecimalField(DecimalField):
    """A number such as 4.5: no exponent, no infinity, and not a number that signals."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number. Raises ValueError."""
        text = str(valuelist[0]).strip() if valuelist else ""
        if text and not re.fullmatch(r"[+-]?[0-9]{0,9}\.?[0-9]{0,9}", text):
            self.data: Decimal | None = None
            raise ValueError(self.invalid_value_message)
        super().process_formdata([text] if valuelist else [])


class WholeNumberField(IntegerField):
    """A whole number of at most nine digits, without a sign."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number. Raises ValueError."""
        if not valuelist:
            return
        self.data = parse_whole_number(valuelist[0].strip())
        if self.data is None:
            raise ValueError(self.gettext("Not a valid integer value."))


class NumberedFieldList(FieldList):
    """A list of fields whose names hold their places."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        for name in formdata:
            if name.startswith(f"{prefix}-"):
                place = parse_whole_number(name[len(prefix) + 1 :].partition("-")[0])
                if place is not None:
                    yield place
