"""The archive format: the models of the manifest and of each table's rows.

The row models are generated from the columns, so that they, the published JSON Schema and the
database agree. `flask export schema` prints the schema.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Mapping
from functools import cache, partial
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    create_model,
)

from roadmap.archive.tables import (
    NATURAL_KEYS,
    archived_columns,
    exported_tables,
    target_table,
)
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import FORMAT_LOCALES
from roadmap.core.link_secrets import strip_userinfo
from roadmap.core.text import strip_control_characters
from roadmap.core.types import Base, PartialDateText, UtcDateTime
from roadmap.evidence.constants import IMPACT_TYPES
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.rules import is_web_address
from roadmap.people.labels import BASES

FORMAT = "cairn-archive"
VERSION = 1
MANIFEST = "manifest.json"
ACCOUNT = "account.json"
RECORDS = "records/"
FILES = "files/"
# The longest text that any form accepts, with room for two-character line endings.
MAX_TEXT = 25_000
MAX_JSON_TEXT = 100_000
MAX_LEFT_OUT = 10_000_000
MAX_JSON_DEPTH = 12
MAX_NUMBER = 2**31 - 1

# Generated texts.
LONG_TEXTS = {"badge.document": 500_000, "badge.jwt": 500_000}
# Allowed values that no CHECK constraint enforces.
ALLOWED_VALUES: Mapping[str, tuple[Any, ...]] = {
    "user.locale": FORMAT_LOCALES,
    "evidence_version.kind": tuple(KINDS),
    "impact.type": IMPACT_TYPES,
    "review.basis": ("", *BASES),
    "imported_review.basis": ("", *BASES),
    # The states of the FSRS library.
    "practice_card.state": (1, 2, 3),
}
# The types of JSON columns that are not plain objects.
JSON_SHAPES: Mapping[str, Any] = {
    "badge.claims": dict[str, Any] | list[Any],
    "career_plan.answers": dict[str, str],
    "imported_review.milestones": list[str],
    "practice_answer.texts": dict[str, str],
}


def _check_text(text: str) -> str:
    if strip_control_characters(text) != text.replace("\r\n", "\n").replace("\r", "\n"):
        raise ValueError("contains control characters")
    return strip_userinfo(text)


def _check_url(text: str) -> str:
    if text and not is_web_address(text):
        raise ValueError("is not a web address")
    return strip_userinfo(text)


def _check_timestamp(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None or not 1900 <= moment.year <= 9000:
        raise ValueError("is not a valid time with a time zone")
    return moment


def _check_day(day: dt.date) -> dt.date:
    if not 1900 <= day.year <= 9000:
        raise ValueError("is not a date between 1900 and 9000")
    return day


def _check_json(value: Any, left: int = MAX_JSON_TEXT) -> Any:
    """Refuse JSON values that the application never writes."""
    pending = [(value, 0)]
    while pending:
        each, depth = pending.pop()
        if depth > MAX_JSON_DEPTH:
            raise ValueError("is nested too deeply")
        if isinstance(each, str):
            left -= len(_check_text(each))
        elif isinstance(each, dict):
            pending += [(part, depth + 1) for pair in each.items() for part in pair]
        elif isinstance(each, list):
            pending += [(part, depth + 1) for part in each]
        elif isinstance(each, float) and not abs(each) < 1e300:
            raise ValueError("contains an invalid number")
        elif isinstance(each, int) and abs(each) > 2**53:
            raise ValueError("contains a number that is too large")
        left -= 2
        if left < 0:
            raise ValueError("is too long")
    return value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class PersonName(_Model):
    """A person by name only, because ids are not valid in another installation."""

    name: Annotated[str, Field(max_length=200), AfterValidator(_check_text)]
    is_self: bool = False


Line = Annotated[str, Field(max_length=200), AfterValidator(_check_text)]
Key = Annotated[str, Field(max_length=60), AfterValidator(_check_text)]


# The types of values that depend only on the type of their column.
VALUE_TYPES: Mapping[type[Any], Any] = {
    sa.Uuid: uuid.UUID,
    UtcDateTime: Annotated[dt.datetime, AfterValidator(_check_timestamp)],
    PartialDateText: Annotated[str, Field(max_length=10), AfterValidator(PartialDate.from_iso)],
    sa.Boolean: bool,
    sa.Date: Annotated[dt.date, AfterValidator(_check_day)],
    sa.Float: float,
    sa.Integer: Annotated[int, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)],
}


class RoadmapName(_Model):
    """A roadmap that the person follows."""

    slug: Key
    title: Line
    revision: int


class PackedFile(_Model):
    """The manifest entry of a file in the archive."""

    path: Annotated[str, Field(max_length=200)]
    size: Annotated[int, Field(ge=0, le=2**40)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(_Model):
    """The manifest of an archive.

    `titles` has the titles of milestones and skills by key, for installations that lack their
    roadmap.
    """

    format: Literal["cairn-archive"]
    version: Literal[1]
    release: Line
    instance: Line
    made_at: Annotated[dt.datetime, AfterValidator(_check_timestamp)]
    person: Line
    email: Annotated[str, Field(max_length=320), AfterValidator(_check_text)]
    roadmaps: list[RoadmapName]
    titles: dict[Key, Line]
    missing_files: list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = []
    files: Annotated[list[PackedFile], FailFast()]


@cache
def row_model(name: str) -> type[BaseModel]:
    """Return the model of a table's rows; "user" is the account."""
    table = Base.metadata.tables[name]
    words = allowed_values(table)
    fields: dict[str, Any] = {}
    for column in archived_columns(name):
        kind = _type_of(column, words.get(column.name))
        # Archives of earlier releases lack newer columns, so fields have defaults.
        fields[column.name] = (kind | None if column.nullable else kind, _default_of(column))
    model: type[BaseModel] = create_model(name, __base__=_Model, **fields)
    return model


@cache
def rows_adapter(name: str) -> TypeAdapter[Any]:
    """Return the adapter that parses the rows of a table."""
    # Stops at the first invalid row, because each error takes memory. mypy does not accept a model
    # created at run time as a type.
    rows: Any = Annotated[list[row_model(name)], FailFast()]  # type: ignore[misc]
    return TypeAdapter(rows)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schemas of an archive's files by path."""
    files: dict[str, type[BaseModel]] = {MANIFEST: Manifest, ACCOUNT: row_model("user")}
    schema: dict[str, Any] = {path: each.model_json_schema() for path, each in files.items()}
    for name in exported_tables():
        schema[f"{RECORDS}{name}.json"] = rows_adapter(name).json_schema()
    return schema


def allowed_values(table: sa.Table) -> dict[str, tuple[Any, ...]]:
    """Return the allowed values by column, from CHECK constraints and `ALLOWED_VALUES`."""
    infos = [constraint.info for constraint in table.constraints if "words" in constraint.info]
    found = {info["column"]: info["words"] for info in infos}
    for path, given in ALLOWED_VALUES.items():
        if path.startswith(f"{table.name}."):
            found[path.partition(".")[2]] = given
    return found


def _type_of(column: sa.Column[Any], words: tuple[Any, ...] | None) -> Any:
    target, kind = target_table(column), column.type
    if words:
        return Literal[words]
    if target == "user":
        return PersonName
    if target in NATURAL_KEYS:
        return int if NATURAL_KEYS[target] == "number" else Key
    for column_type, value_type in VALUE_TYPES.items():
        if isinstance(kind, column_type):
            return value_type
    match kind:
        case sa.JSON():
            shape = JSON_SHAPES.get(str(column), dict[str, Any])
            is_long = str(column) == "archive_import.left_out"
            most = MAX_LEFT_OUT if is_long else MAX_JSON_TEXT
            return Annotated[shape, AfterValidator(partial(_check_json, left=most))]
        case sa.Numeric():
            return Annotated[decimal.Decimal, Field(max_digits=kind.precision)]
        case sa.String():
            check = _check_url if column.name.endswith("url") else _check_text
            most = kind.length or LONG_TEXTS.get(str(column), MAX_TEXT)
            return Annotated[str, Field(max_length=most), AfterValidator(check)]
    raise TypeError(f"the archive format does not support {column}: {kind!r}")


def _default_of(column: sa.Column[Any]) -> Any:
    """Return the value of a column that an older archive lacks; `...` if the column is required."""
    default: Any = column.default
    if default is not None and default.is_scalar:
        return default.arg
    return None if column.nullable else ...
