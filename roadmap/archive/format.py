"""The format of an archive: its manifest, and one model for the rows of each table.

The models are made from the columns, so that they, the published JSON Schema and the database say
the same. `flask export schema` prints the schema.
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
    SHARED_NAMES,
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
# The longest text that any form takes, with room for line ends of two characters.
MAX_TEXT = 25_000
MAX_JSON_TEXT = 100_000
MAX_LEFT_OUT = 10_000_000
MAX_JSON_DEPTH = 12
MAX_NUMBER = 2**31 - 1

# Texts that code wrote.
LONG_TEXTS = {"badge.document": 500_000, "badge.jwt": 500_000}
# Words that the rules know and no CHECK of the database.
WORDS: Mapping[str, tuple[Any, ...]] = {
    "user.locale": FORMAT_LOCALES,
    "evidence_version.kind": tuple(KINDS),
    "impact.type": IMPACT_TYPES,
    "review.basis": ("", *BASES),
    "imported_review.basis": ("", *BASES),
    # Those of the FSRS library.
    "practice_card.state": (1, 2, 3),
}
# What a column of JSON holds, where that is more than some object.
JSON_SHAPES: Mapping[str, Any] = {
    "badge.claims": dict[str, Any] | list[Any],
    "career_plan.answers": dict[str, str],
    "imported_review.milestones": list[str],
    "practice_answer.texts": dict[str, str],
}


def _check_text(text: str) -> str:
    if strip_control_characters(text) != text.replace("\r\n", "\n").replace("\r", "\n"):
        raise ValueError("holds characters that no text has")
    return strip_userinfo(text)


def _check_url(text: str) -> str:
    if text and not is_web_address(text):
        raise ValueError("is not a web address")
    return strip_userinfo(text)


def _check_moment(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None or not 1900 <= moment.year <= 9000:
        raise ValueError("is no moment with its time zone")
    return moment


def _check_day(day: dt.date) -> dt.date:
    if not 1900 <= day.year <= 9000:
        raise ValueError("is no day of a life")
    return day


def _check_json(value: Any, left: int = MAX_JSON_TEXT) -> Any:
    """Refuse what no page of ours writes into a column of JSON."""
    waiting = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        if depth > MAX_JSON_DEPTH:
            raise ValueError("is nested too deeply")
        if isinstance(each, str):
            left -= len(_check_text(each))
        elif isinstance(each, dict):
            waiting += [(part, depth + 1) for pair in each.items() for part in pair]
        elif isinstance(each, list):
            waiting += [(part, depth + 1) for part in each]
        elif isinstance(each, float) and not abs(each) < 1e300:
            raise ValueError("holds a number that is none")
        elif isinstance(each, int) and abs(each) > 2**53:
            raise ValueError("holds too large a number")
        left -= 2
        if left < 0:
            raise ValueError("is too long")
    return value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class PersonName(_Model):
    """Another person, by name only: an id would mean somebody else in another installation."""

    name: Annotated[str, Field(max_length=200), AfterValidator(_check_text)]
    is_self: bool = False


Line = Annotated[str, Field(max_length=200), AfterValidator(_check_text)]
Key = Annotated[str, Field(max_length=60), AfterValidator(_check_text)]


class RoadmapName(_Model):
    """A roadmap that the person is on."""

    slug: Key
    title: Line
    revision: int


class PackedFile(_Model):
    """A file of the archive beside its manifest."""

    path: Annotated[str, Field(max_length=200)]
    size: Annotated[int, Field(ge=0, le=2**40)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(_Model):
    """What an archive says of itself.

    `titles` are of the milestones and skills that rows name by their keys: a reader without their
    roadmap can still say which they are.
    """

    format: Literal["cairn-archive"]
    version: Literal[1]
    release: Line
    instance: Line
    made_at: Annotated[dt.datetime, AfterValidator(_check_moment)]
    person: Line
    email: Annotated[str, Field(max_length=320), AfterValidator(_check_text)]
    roadmaps: list[RoadmapName]
    titles: dict[Key, Line]
    missing_files: list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = []
    files: Annotated[list[PackedFile], FailFast()]


@cache
def row_model(name: str) -> type[BaseModel]:
    """Return the model of a row of a table; that of "user" is the account."""
    table = Base.metadata.tables[name]
    words = checked_words(table)
    fields: dict[str, Any] = {}
    for column in archived_columns(name):
        kind = _type_of(column, words.get(column.name))
        # An archive of an earlier release does not have a column that came later.
        fields[column.name] = (kind | None if column.nullable else kind, _default_of(column))
    model: type[BaseModel] = create_model(name, __base__=_Model, **fields)
    return model


@cache
def rows_adapter(name: str) -> TypeAdapter[Any]:
    """Return what reads the rows of a table."""
    # After the first row that is wrong, the rest is not read: each fault takes memory.
    # A model that is made at run time is no type to mypy.
    rows: Any = Annotated[list[row_model(name)], FailFast()]  # type: ignore[misc]
    return TypeAdapter(rows)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of all files of an archive, by their paths."""
    files: dict[str, type[BaseModel]] = {MANIFEST: Manifest, ACCOUNT: row_model("user")}
    schema: dict[str, Any] = {path: each.model_json_schema() for path, each in files.items()}
    for name in exported_tables():
        schema[f"{RECORDS}{name}.json"] = rows_adapter(name).json_schema()
    return schema


def checked_words(table: sa.Table) -> dict[str, tuple[Any, ...]]:
    """Return the words that each column may have, by its CHECK or by the rules."""
    infos = [constraint.info for constraint in table.constraints if "words" in constraint.info]
    found = {info["column"]: info["words"] for info in infos}
    for path, given in WORDS.items():
        if path.startswith(f"{table.name}."):
            found[path.partition(".")[2]] = given
    return found


def _type_of(column: sa.Column[Any], words: tuple[Any, ...] | None) -> Any:
    target, kind = target_table(column), column.type
    if words:
        return Literal[words]
    if target == "user":
        return PersonName
    if target in SHARED_NAMES:
        return int if SHARED_NAMES[target] == "number" else Key
    match kind:
        case sa.Uuid():
            return uuid.UUID
        case UtcDateTime():
            return Annotated[dt.datetime, AfterValidator(_check_moment)]
        case PartialDateText():
            return Annotated[str, Field(max_length=10), AfterValidator(PartialDate.from_iso)]
        case sa.Boolean():
            return bool
        case sa.Date():
            return Annotated[dt.date, AfterValidator(_check_day)]
        case sa.JSON():
            shape = JSON_SHAPES.get(str(column), dict[str, Any])
            is_long = str(column) == "archive_import.left_out"
            most = MAX_LEFT_OUT if is_long else MAX_JSON_TEXT
            return Annotated[shape, AfterValidator(partial(_check_json, left=most))]
        case sa.Float():
            return float
        case sa.Numeric():
            return Annotated[decimal.Decimal, Field(max_digits=kind.precision)]
        case sa.Integer():
            return Annotated[int, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
        case sa.String():
            check = _check_url if column.name.endswith("url") else _check_text
            most = kind.length or LONG_TEXTS.get(str(column), MAX_TEXT)
            return Annotated[str, Field(max_length=most), AfterValidator(check)]
    raise TypeError(f"an archive has no form for {column}: {kind!r}")


def _default_of(column: sa.Column[Any]) -> Any:
    """Return what a row has where its archive does not know a column yet; ... for nothing."""
    default: Any = column.default
    if default is not None and default.is_scalar:
        return default.arg
    return None if column.nullable else ...
