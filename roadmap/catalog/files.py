"""Content files: read from YAML, checked whole, each error with its line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

CONTENT = Path(__file__).parent / "content"
SCHEMA = CONTENT / "roadmap.schema.json"
# A file of a roadmap is some 150 KB; what is far larger is something else.
MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file. `line` counts from 1."""

    line: int
    message: str


class ContentError(Exception):
    """A file that cannot be loaded, with all that is wrong with it."""

    def __init__(self, path: str, faults: Sequence[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        super().__init__(
            "\n".join(f"{path}:{fault.line}: {fault.message}" for fault in self.faults)
        )


class _Loader(yaml.SafeLoader):
    """Plain YAML, but a key written twice is an error and not a silent loss."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Checked as written: later on, what is merged in (`<<`) stands among the keys too."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key_node, _value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue  # no key of ours; where the document is made, it is refused
            if key_node.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key '{key_node.value}' stands here twice",
                    problem_mark=key_node.start_mark,
                )
            seen.add(key_node.value)
        return node


def shipped() -> list[Path]:
    """The roadmaps that come with Cairn."""
    return sorted(CONTENT.glob("*.yaml"))


def read(path: Path, further_check: Callable[[Any], None] | None = None) -> dict[str, Any]:
    """The document of a content file. Raises ContentError naming every fault and its line.

    `further_check` takes the document and raises ValueError for what a higher room knows of it
    (the readiness policy).
    """
    name = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ContentError(name, [Fault(1, f"cannot be read: {error.strerror}")]) from None
    if len(raw) > MOST_BYTES:
        raise ContentError(name, [Fault(1, f"is larger than {MOST_BYTES:,} bytes")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ContentError(name, [Fault(line, "is not UTF-8 text")]) from None
    try:
        tree, document = _parse(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ContentError(
            name, [Fault(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem}")]
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ContentError(name, [Fault(1, f"not valid YAML: {error}")]) from None
    faults = list(_faults(document, tree))
    if not faults and further_check is not None:
        try:
            further_check(document)
        except ValueError as error:
            faults.append(Fault(_line(tree, ["readiness"]), str(error)))
    if faults:
        raise ContentError(name, sorted(faults, key=lambda fault: fault.line))
    result: dict[str, Any] = document
    return result


def _parse(text: str) -> tuple[yaml.Node | None, Any]:
    """The nodes, which know their lines, and the document made of them: the text is read once."""
    loader = _Loader(text)
    try:
        tree = loader.get_single_node()
        return tree, None if tree is None else loader.construct_document(tree)
    finally:
        loader.dispose()


@lru_cache(maxsize=1)
def _validator() -> Validator:
    # Imported here, because only who loads content files needs it.
    import jsonschema

    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def _faults(document: Any, tree: yaml.Node | None) -> Iterator[Fault]:
    if not isinstance(document, dict):
        yield Fault(1, "a roadmap file is a mapping that begins with 'slug'")
        return
    broken = False
    for error in _validator().iter_errors(document):
        broken = True
        path = list(error.absolute_path)
        where = _say(path)
        message = error.message if len(error.message) < 200 else error.message[:200] + " …"
        yield Fault(_line(tree, path), f"{where}: {message}" if where else message)
    if not broken:
        yield from _cross_references(document, tree)


def _cross_references(document: dict[str, Any], tree: yaml.Node | None) -> Iterator[Fault]:
    """What a schema cannot say: keys used once, and only keys that exist."""
    skills = {skill["key"] for skill in document.get("skills", ())}
    seen: dict[str, list[Any]] = {}
    earlier: set[str] = set()
    keys = {
        milestone["key"]
        for stage in document["stages"]
        for objective in stage["objectives"]
        for milestone in objective["milestones"]
    }
    for s, stage in enumerate(document["stages"]):
        yield from _once("stage", stage["key"], ["stages", s], seen, tree)
        for o, objective in enumerate(stage["objectives"]):
            path = ["stages", s, "objectives", o]
            yield from _once("objective", objective["key"], path, seen, tree)
            for m, milestone in enumerate(objective["milestones"]):
                here = [*path, "milestones", m]
                yield from _once("milestone", milestone["key"], here, seen, tree)
                for i, key in enumerate(milestone["skills"]):
                    if key not in skills:
                        yield Fault(
                            _line(tree, [*here, "skills", i]),
                            f"{milestone['key']} trains the skill '{key}', which is not defined",
                        )
                for i, key in enumerate(milestone.get("after", ())):
                    if key not in earlier:
                        problem = "comes later in the file" if key in keys else "does not exist"
                        yield Fault(
                            _line(tree, [*here, "after", i]),
                            f"{milestone['key']} comes after '{key}', which {problem}",
                        )
                earlier.add(milestone["key"])
    for i, skill in enumerate(document.get("skills", ())):
        yield from _once("skill", skill["key"], ["skills", i], seen, tree)


def _once(
    thing: str, key: str, path: list[Any], seen: dict[str, list[Any]], tree: yaml.Node | None
) -> Iterator[Fault]:
    name = f"{thing} {key}"
    if name in seen:
        first = _line(tree, seen[name])
        yield Fault(
            _line(tree, [*path, "key"]), f"the {thing} key '{key}' is already used in line {first}"
        )
    else:
        seen[name] = [*path, "key"]


def _say(path: list[Any]) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def _line(tree: yaml.Node | None, path: list[Any]) -> int:
    """The line of the node at a path, or of the nearest one above it that exists."""
    node = tree
    for part in path:
        following = None
        if isinstance(node, yaml.MappingNode):
            # What is merged in (`<<`) stands before what overrides it.
            following = next((v for k, v in reversed(node.value) if k.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            following = node.value[part] if part < len(node.value) else None
        if following is None:
            break
        node = following
    return node.start_mark.line + 1 if node is not None else 1
