"""The types of values in a content file, with their limits, and problems that span several."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import GetPydanticSchema as PydanticSchema
from pydantic_core import PydanticCustomError

EvidenceKind = Literal[
    "design_doc",
    "case_study",
    "open_source",
    "blog_post",
    "talk",
    "publication",
    "patent",
    "certification",
    "mentoring",
    "launch",
    "other",
]
ImpactType = Literal["scale", "business", "team"]
Location = tuple[str | int, ...]


class Model(BaseModel):
    """A part of a content file: it never changes, and an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that spans several fields is broken.

    `location` leads from the model that checks it to the value at fault; `earlier` to the value
    that it conflicts with, where there is one.
    """

    location: Location
    message: str
    earlier: Location | None = None


def refuse(problems: Iterable[Problem]) -> None:
    """Raise what a validator raises if there is any problem; the loader finds their lines."""
    found = tuple(problems)
    if found:
        summary = "; ".join(problem.message for problem in found)
        raise PydanticCustomError("problems", "{summary}", {"summary": summary, "problems": found})


def repeated_keys(name: str, items: Iterable[tuple[str, Location]]) -> Iterable[Problem]:
    """Yield a problem for each key that an earlier item has; items are a key and its location."""
    seen: dict[str, Location] = {}
    for key, location in items:
        if key in seen:
            yield Problem(location, f"the {name} key '{key}' is already used", seen[key])
        seen.setdefault(key, location)


def _check_title(text: str) -> str:
    if not re.search(TITLE_PATTERN, text):
        raise PydanticCustomError(
            "title", "should be one line without a space at its ends and without a full stop"
        )
    return text


def _check_not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "should not be blank")
    return text


def _check_unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise PydanticCustomError("unique", "should not name anything twice")
    return values


def _is_integral(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def exactly(*, low: float = 0, high: float, above: float | None = None) -> PydanticSchema:
    """Read a number as it is written, 0.3 being three tenths, from `low` or above `above`."""
    limits: Any = {"ge": low} if above is None else {"gt": above}
    written = Annotated[
        float,
        Field(strict=True, allow_inf_nan=False, le=high, **limits),
        AfterValidator(lambda value: Fraction(str(value))),
    ]
    return PydanticSchema(lambda _source, handler: handler.generate_schema(written))


def whole(low: int, high: int | None = None) -> PydanticSchema:
    """Read a whole number within limits. 40.0 is one: JSON Schema calls it an integer as well."""
    written = Annotated[
        int,
        Field(strict=True, ge=low, le=high),
        BeforeValidator(lambda value: int(value) if _is_integral(value) else value),
    ]
    return PydanticSchema(lambda _source, handler: handler.generate_schema(written))


TITLE_PATTERN = r"^\S.*[^\s.]$"
DegreeLevel = Annotated[str, Field(pattern="^(bachelor|master|doctorate)$")]
Key = Annotated[str, Field(pattern="^[a-z0-9-]{3,60}$")]
# A short name: stages, skills, requirements and gates.
Word = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,39}$")]
Title = Annotated[
    str,
    Field(min_length=3, max_length=80, json_schema_extra={"pattern": TITLE_PATTERN}),
    AfterValidator(_check_title),
]
Text = Annotated[
    str,
    Field(min_length=10, max_length=1200, json_schema_extra={"pattern": r"\S"}),
    AfterValidator(_check_not_blank),
]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, whole(1, 20)]
Share = Annotated[Fraction, exactly(high=1)]
Points = Annotated[Fraction, exactly(high=100)]
# The schema of a list whose items differ, and what checks it.
UNIQUE_ITEMS: dict[str, Any] = {"uniqueItems": True}
# The schema of a mapping whose keys all have to match their pattern, as the model asks.
KNOWN_KEYS: dict[str, Any] = {"additionalProperties": False}
Unique = AfterValidator(_check_unique)
EvidenceKinds = Annotated[
    tuple[EvidenceKind, ...], Field(min_length=1, json_schema_extra=UNIQUE_ITEMS), Unique
]
