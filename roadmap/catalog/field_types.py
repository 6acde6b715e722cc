"""The types and limits of values in a content file, and problems that span several fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
)
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

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
    "incident",
    "review_given",
    "interviewing",
    "other",
]
ImpactType = Literal["scale", "business", "team"]
Location = tuple[str | int, ...]


class Model(BaseModel):
    """A part of a content file, immutable; unknown keys are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule that spans several fields.

    `location` is the path from the validating model to the invalid value; `earlier` is the path to
    the value that it conflicts with, if there is one.
    """

    location: Location
    message: str
    earlier: Location | None = None


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise a validation error if there is any problem; the loader finds the lines."""
    found = tuple(problems)
    if found:
        summary = "; ".join(problem.message for problem in found)
        raise PydanticCustomError("problems", "{summary}", {"summary": summary, "problems": found})


def find_duplicate_keys(items: Iterable[tuple[str, str, Location]]) -> Iterable[Problem]:
    """Yield a problem for each duplicate key; items are a kind, a key and its location."""
    seen: dict[tuple[str, str], Location] = {}
    for name, key, location in items:
        earlier = seen.setdefault((name, key), location)
        if earlier != location:
            yield Problem(location, f"the {name} key '{key}' is already used", earlier)


def _require(is_valid: Callable[[Any], object], message: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not is_valid(value):
            raise ValueError(message)
        return value

    return check


def _validate_as(written: Any) -> GetPydanticSchema:
    """Validate as another type than the declared one."""
    return GetPydanticSchema(lambda _source, handler: handler.generate_schema(written))


def exact_number(**limits: Any) -> GetPydanticSchema:
    """Read a number exactly as written: 0.3 is three tenths. The limits are those of `Field`."""
    return _validate_as(
        Annotated[
            float,
            Field(strict=True, allow_inf_nan=False, **limits),
            AfterValidator(lambda value: Fraction(str(value))),
        ]
    )


def whole_number(low: int, high: int | None = None) -> GetPydanticSchema:
    """Read an integer within limits. 40.0 is accepted, because JSON Schema calls it an integer."""

    def read(value: Any) -> Any:
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return _validate_as(Annotated[int, Field(strict=True, ge=low, le=high), BeforeValidator(read)])


TITLE_PATTERN = r"^\S.*[^\s.]$"
DegreeLevel = Annotated[str, Field(pattern="^(bachelor|master|doctorate)$")]
Key = Annotated[str, Field(pattern="^[a-z0-9-]{3,60}$")]
# A short identifier of a stage, skill, requirement or gate.
Identifier = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,39}$")]
Title = Annotated[
    str,
    Field(min_length=3, max_length=80, json_schema_extra={"pattern": TITLE_PATTERN}),
    AfterValidator(
        _require(
            re.compile(TITLE_PATTERN).search,
            "should be one line without a space at its ends and without a full stop",
        )
    ),
]
Text = Annotated[
    str,
    Field(min_length=10, max_length=1200, json_schema_extra={"pattern": r"\S"}),
    AfterValidator(_require(str.strip, "should not be blank")),
]
Line = Annotated[str, Field(min_length=2, max_length=400)]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, whole_number(1, 20)]
Share = Annotated[Fraction, exact_number(ge=0, le=1)]
Points = Annotated[Fraction, exact_number(ge=0, le=100)]
# A list of distinct items, also in its JSON Schema.
Unique = GetPydanticSchema(
    lambda source, handler: no_info_after_validator_function(
        _require(lambda items: len(set(items)) == len(items), "should not name anything twice"),
        handler(source),
    ),
    lambda schema, handler: handler(schema) | {"uniqueItems": True},
)
# For the schema of a mapping in which every key must match the pattern.
KNOWN_KEYS: dict[str, Any] = {"additionalProperties": False}
EvidenceKinds = Annotated[tuple[EvidenceKind, ...], Field(min_length=1), Unique]
