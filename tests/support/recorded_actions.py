"""The actions that the source code records, for tests that each has a message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from roadmap.core.config import ROOT

ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def recorded_actions(*functions: str) -> set[str]:
    """Return the actions that calls of these functions name, unless composed with an f-string."""
    return {
        action
        for path in (ROOT / "roadmap").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in functions
        for action in _actions_of(call)
    }


def _actions_of(call: ast.Call) -> Iterator[str]:
    named = [each.value for each in call.keywords if each.arg == "action"]
    for argument in (*call.args, *named):
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and ACTION.fullmatch(str(node.value)):
                yield str(node.value)
