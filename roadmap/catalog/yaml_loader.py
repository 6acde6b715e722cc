"""Load YAML with the types of version 1.2 and the line of every value.

PyYAML follows version 1.1, in which `12:30` is the number 750, `no` is false and `1_000` is 1000.
Here a plain value has the type that JSON would give it, or it is text. These are rejected with
their line: values that JSON cannot hold, keys that are not text or are repeated, and anything that
could expand beyond the size of its file (aliases, deep nesting, large exponents).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Context, Decimal
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from roadmap.catalog.field_types import Location

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_PREFIX = "tag:yaml.org,2002:"
# The bundled roadmaps nest up to level 6.
MAX_DEPTH = 20
MAX_DIGITS = 40


def _text(value: str) -> str:
    if _UNSTORABLE.search(value):
        raise ValueError("contains a character that cannot be stored")
    return value


def _float(value: str) -> float:
    is_named = value[-1] in "fFnN"  # .inf and .nan
    number = math.inf if is_named else float(value)
    if math.isinf(number):
        raise ValueError("is not a number that can be stored")
    # Decimal turns an exponent beyond its range into NaN, which equals nothing.
    if Decimal(value, Context(traps=[])) != Decimal(str(number)):
        raise ValueError("has more digits than are kept")
    return number


# The core schema of YAML 1.2, 10.3.2: the pattern of plain values by type.
_PATTERNS = {
    "null": "~|null|Null|NULL|",
    "bool": "true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)"
    r"|\.(nan|NaN|NAN)",
}
_READERS: dict[str, Callable[[str], Any]] = {
    "str": _text,
    "null": lambda _value: None,
    "bool": lambda value: {"true": True, "false": False}[value.lower()],
    "int": lambda value: int(value, {"0o": 8, "0x": 16}.get(value[:2], 10)),
    "float": _float,
}


class _PythonParser(Reader, Scanner, Parser):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


_Parser: Any = _PythonParser
# The C parser takes a fifth of the time, but is not always installed and has no type stubs.
with suppress(ImportError):
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]


class _Loader(Composer, _Parser, SafeConstructor, Resolver):
    # PyYAML's own C loader also composes nodes in C, which would bypass the checks below.
    def __init__(self, text: str) -> None:
        _Parser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    yaml_implicit_resolvers = {
        None: [(_PREFIX + name, re.compile(rf"(?:{each})\Z")) for name, each in _PATTERNS.items()]
    }

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _error(event, f"the alias '*{event.anchor}' is not read: write the value out")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _error(event, f"values are nested more than {MAX_DEPTH} levels deep")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != _PREFIX + "str":
                source_text = f" '{key.value}'" if isinstance(key, yaml.ScalarNode) else ""
                raise _error(key, f"the key{source_text} should be text")
            if key.value in seen:
                raise _error(key, f"the key '{key.value}' is used twice")
            seen.add(key.value)
        return node

    def construct_plain(self, node: yaml.ScalarNode) -> Any:
        name = node.tag.removeprefix(_PREFIX)
        if name in ("int", "float") and len(node.value) > MAX_DIGITS:
            raise _error(node, f"{node.value[:40]!r} has more digits than are kept")
        try:
            return _READERS[name](self.construct_scalar(node))
        except (ValueError, KeyError) as error:
            problem = error if isinstance(error, ValueError) else f"is not a {name}"
            raise _error(node, f"{node.value[:40]!r} {problem}") from None


_Loader.yaml_constructors = {
    None: yaml.SafeLoader.construct_undefined,
    _PREFIX + "map": yaml.SafeLoader.construct_yaml_map,
    _PREFIX + "seq": yaml.SafeLoader.construct_yaml_seq,
    **{_PREFIX + name: _Loader.construct_plain for name in _READERS},
}


def _error(node: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


class YamlError(ValueError):
    """Text that is not valid YAML here; `line` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


class YamlDocument:
    """A document as plain values, with the line of each value.

    Raises YamlError for text that cannot be read.
    """

    def __init__(self, text: str) -> None:
        try:
            loader = _Loader(text)
            try:
                self._tree = loader.get_single_node()
                self.value = self._tree and loader.construct_document(self._tree)
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise YamlError(mark.line + 1 if mark else 1, str(error.problem)) from None
        except (yaml.YAMLError, ValueError) as error:
            raise YamlError(1, str(error)) from None

    def line(self, location: Location) -> int:
        """Return the line of a value, or of its nearest existing parent."""
        node = self._node(location)[0]
        return node.start_mark.line + 1 if node is not None else 1

    def source_text(self, location: Location) -> str | None:
        """Return a scalar value as it is written, or None if it does not exist."""
        node, is_exact = self._node(location)
        return node.value if is_exact and isinstance(node, yaml.ScalarNode) else None

    def _node(self, location: Location) -> tuple[yaml.Node | None, bool]:
        node = self._tree
        for part in location:
            following = None
            if isinstance(node, yaml.MappingNode):
                following = next((v for k, v in node.value if k.value == part), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                following = node.value[part] if part < len(node.value) else None
            if following is None:
                return node, False
            node = following
        return node, True
