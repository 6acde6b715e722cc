"""What pydantic finds in a content file, in the words of somebody who writes YAML."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from roadmap.catalog.field_types import Location, Problem

# Where pydantic's own message speaks of Python.
_MESSAGES = {
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


def problems_in(error: ValidationError) -> Iterator[Problem]:
    """Yield each problem with its location in the whole document."""
    errors = error.errors(include_url=False)
    for each in errors:
        location = _location(each)
        if each["type"] == "too_short" and any(_is_within(other, each) for other in errors):
            continue  # pydantic does not count the items that are at fault themselves
        if each["type"] == "problems":
            for problem in each["ctx"]["problems"]:
                earlier = problem.earlier and location + problem.earlier
                yield Problem(location + problem.location, problem.message, earlier)
        else:
            yield Problem(location, _message(each))


def format_location(location: Location) -> str:
    """Return a location as people write it, counted from 1: `stages[1].title`."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _is_within(inner: ErrorDetails, outer: ErrorDetails) -> bool:
    within = inner["loc"][: len(outer["loc"])] == outer["loc"]
    return within and len(inner["loc"]) > len(outer["loc"])


def _location(error: ErrorDetails) -> Location:
    """Return where the value is: pydantic adds a gate's type, and that a key is at fault."""
    parts = list(error["loc"])
    if "gates" in parts:
        gates = parts.index("gates")
        del parts[gates + 2 : gates + 3]
    if error["type"].startswith("union_tag"):
        parts.append("type")
    return tuple(part for part in parts if part != "[key]")


def _message(error: ErrorDetails) -> str:
    message = error["msg"]
    if error["type"] == "union_tag_invalid":
        message = f"should be one of {error['ctx']['expected_tags']}"
    elif error["type"] in _MESSAGES:
        message = _MESSAGES[error["type"]]
    for start in ("Input ", "String ", "Tuple ", "Dictionary ", "Value error, "):
        message = message.removeprefix(start)
    message = message.replace(" after validation", "")
    return f"the key {message}" if error["loc"][-1:] == ("[key]",) else message
