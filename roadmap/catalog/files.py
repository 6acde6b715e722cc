"""Content files: read from YAML and checked whole, each fault with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from roadmap.catalog.content import Content
from roadmap.catalog.field_types import Problem
from roadmap.catalog.validation_messages import format_location, problems_in
from roadmap.catalog.yaml_loader import YamlDocument, YamlError

CONTENT = Path(__file__).parent / "content"
# The shipped roadmap has 150 KB.
MAX_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file. `line` counts from 1."""

    line: int
    message: str


class ContentError(Exception):
    """A file that cannot be loaded, with everything that is wrong with it."""

    def __init__(self, path: str, faults: Sequence[Fault]) -> None:
        self.path = path
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__(
            "\n".join(f"{path}:{fault.line}: {fault.message}" for fault in self.faults)
        )


def shipped() -> list[Path]:
    """Return the roadmaps that come with Cairn."""
    return sorted(CONTENT.glob("*.yaml"))


def read(path: Path) -> dict[str, Any]:
    """Return the document of a content file. Raises ContentError naming each fault and its line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ContentError(str(path), [Fault(1, f"cannot be read: {error.strerror}")]) from None
    if len(raw) > MAX_BYTES:
        raise ContentError(str(path), [Fault(1, f"is larger than {MAX_BYTES:,} bytes")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ContentError(str(path), [Fault(line, "is not UTF-8 text")]) from None
    try:
        document = YamlDocument(text)
    except YamlError as error:
        fault = Fault(error.line, f"not valid YAML: {error}")
        raise ContentError(str(path), [fault]) from None
    if not isinstance(document.value, dict):
        fault = Fault(1, "a roadmap file is a mapping that begins with 'slug'")
        raise ContentError(str(path), [fault])
    try:
        Content.model_validate(document.value)
    except ValidationError as error:
        faults = [_fault(problem, document) for problem in problems_in(error)]
        raise ContentError(str(path), faults) from None
    return document.value


def _fault(problem: Problem, document: YamlDocument) -> Fault:
    message, written = problem.message, document.written(problem.location)
    if problem.earlier is not None:
        message += f" in line {document.line(problem.earlier)}"
    elif message == "should be text" and written:
        message += f", not {written}: put it in quotes"
    elif message.startswith("should ") and written is not None and len(written) <= 60:
        message += f", not '{written}'"
    where = format_location(problem.location)
    separator = " " if message.startswith(("is ", "should ", "must ")) else ": "
    return Fault(document.line(problem.location), f"{where}{separator}{message}")
