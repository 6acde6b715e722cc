"""Read content files from YAML and validate them, reporting the line of every error."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from roadmap.catalog.content import FILE_CONTEXT, Content
from roadmap.catalog.field_types import Location, Model, Problem
from roadmap.catalog.yaml_loader import YamlDocument, YamlError

SomeModel = TypeVar("SomeModel", bound=Model)
Check = Callable[[Any], Iterable[Problem]]

CONTENT = Path(__file__).parent / "content"
# The largest bundled roadmap is 150 KB.
MAX_BYTES = 2_000_000
LINK = re.compile(r"https://[\w-]+(\.[\w-]+)*(:\d{1,5})?([/?#]\S*)?")
# Replacements for pydantic messages that use Python terms.
MESSAGES = {
    "bool_type": "should be true or false",
    "dict_type": "should be a mapping",
    "extra_forbidden": "is not known",
    "float_type": "should be a number",
    "int_type": "should be a whole number",
    "missing": "is missing",
    "model_type": "should be a mapping",
    "string_type": "should be text",
    "tuple_type": "should be a list",
    "union_tag_not_found": "is missing",
}


class ContentError(Exception):
    """A file that cannot be loaded; `faults` are the lines with their errors."""

    def __init__(self, path: Path, faults: Sequence[tuple[int, str]]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault[0])
        super().__init__("\n".join(f"{path}:{line}: {message}" for line, message in self.faults))


def shipped() -> list[Path]:
    """Return the paths of the bundled roadmaps."""
    return sorted(CONTENT.glob("*.yaml"))


def digest(document: Mapping[str, Any]) -> str:
    """Return the digest that identifies a revision's content."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def read(path: Path) -> dict[str, Any]:
    """Return the document of a roadmap. Raises ContentError with every error and its line."""
    return _read_checked(path, Content)[0]


def read_as(path: Path, model: type[SomeModel], *, check: Check | None = None) -> SomeModel:
    """Return a content file as its model. Raises ContentError like `read`.

    `check` receives the valid document and yields further problems.
    """
    return _read_checked(path, model, check)[1]


def _read_checked(
    path: Path, model: type[SomeModel], check: Check | None = None
) -> tuple[dict[str, Any], SomeModel]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ContentError(path, [(1, f"is larger than {MAX_BYTES:,} bytes")])
        document = YamlDocument(raw.decode("utf-8"))
        if not isinstance(document.value, dict):
            raise ContentError(path, [(1, "a roadmap file is a mapping that begins with 'slug'")])
        content = model.model_validate(document.value, context=FILE_CONTEXT)
    except OSError as error:
        faults = [(1, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        faults = [(error.object[: error.start].count(b"\n") + 1, "is not UTF-8 text")]
    except YamlError as error:
        faults = [(error.line, f"not valid YAML: {error}")]
    except ValidationError as error:
        faults = [_describe_problem(problem, document) for problem in find_problems(error)]
    else:
        found = [*_find_invalid_links(document.value), *(check(document.value) if check else ())]
        if not found:
            return document.value, content
        faults = [_describe_problem(problem, document) for problem in found]
    raise ContentError(path, faults)


def iterate_values(document: Any, location: Location = ()) -> Iterator[tuple[Location, Any]]:
    """Yield each scalar value of a document with its location."""
    if isinstance(document, Mapping | list):
        parts = document.items() if isinstance(document, Mapping) else enumerate(document)
        for part, value in parts:
            yield from iterate_values(value, (*location, part))
    else:
        yield location, document


def _find_invalid_links(document: Any) -> Iterator[Problem]:
    for location, value in iterate_values(document):
        if re.match("https?:/", str(value)) and not LINK.fullmatch(str(value)):
            yield Problem(location, f"'{value}' is not a link that begins with https://")


def find_problems(error: ValidationError) -> Iterator[Problem]:
    """Yield the errors found by pydantic, with messages for authors of YAML."""
    errors = error.errors(include_url=False)
    for each in errors:
        location = _location(each)
        if each["type"] == "too_short" and any(_is_within(other, each) for other in errors):
            continue  # pydantic does not count invalid items
        if each["type"] == "problems":
            for problem in each["ctx"]["problems"]:
                earlier = problem.earlier and location + problem.earlier
                yield Problem(location + problem.location, problem.message, earlier)
        else:
            yield Problem(location, _message(each))


def _describe_problem(problem: Problem, document: YamlDocument) -> tuple[int, str]:
    """Return the line of a problem, and a message with its location, such as `stages[1].title`."""
    message, written = problem.message, document.source_text(problem.location)
    if problem.earlier is not None:
        message += f" in line {document.line(problem.earlier)}"
    elif message == "should be text" and written:
        message += f", not {written}: put it in quotes"
    elif message.startswith("should ") and written is not None and len(written) <= 60:
        message += f", not '{written}'"
    where = "".join(
        f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in problem.location
    ).removeprefix(".")
    separator = " " if message.startswith(("is ", "should ", "must ")) else ": "
    return document.line(problem.location), f"{where}{separator}{message}"


def _is_within(inner: ErrorDetails, outer: ErrorDetails) -> bool:
    depth = len(outer["loc"])
    return len(inner["loc"]) > depth and inner["loc"][:depth] == outer["loc"]


def _location(error: ErrorDetails) -> Location:
    """Return the location of the value, without the gate type and "[key]" that pydantic adds."""
    parts = list(error["loc"])
    if "gates" in parts:
        gates = parts.index("gates")
        del parts[gates + 2 : gates + 3]
    if error["type"].startswith("union_tag"):
        parts.append("type")
    return tuple(part for part in parts if part != "[key]")


def _message(error: ErrorDetails) -> str:
    message = MESSAGES.get(error["type"], error["msg"])
    if error["type"] == "union_tag_invalid":
        message = f"should be one of {error['ctx']['expected_tags']}"
    for start in ("Input ", "String ", "Tuple ", "Dictionary ", "Value error, "):
        message = message.removeprefix(start)
    message = message.replace(" after validation", "")
    return f"the key {message}" if error["loc"][-1:] == ("[key]",) else message
