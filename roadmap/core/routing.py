"""Routes whose addresses are compiled by the first page that links to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule that compiles the function that builds its addresses when it is called.

    werkzeug compiles two for each rule at once, which takes a tenth of the start.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        name = "_build_unknown" if append_unknown else "_build"
        compile_builder = super()._compile_builder

        def build(rule: LazyRule, /, **values: Any) -> tuple[str, str]:
            compiled = compile_builder(append_unknown).__get__(rule, None)
            setattr(rule, name, compiled)
            address: tuple[str, str] = compiled(**values)
            return address

        return build
