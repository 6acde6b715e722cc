"""Fail a test when a template runs a database statement, or reads a name that nothing passes."""

from __future__ import annotations

from typing import Any

import jinja2
import sqlalchemy as sa
from flask import Flask, before_render_template, g, has_app_context, template_rendered
from jinja2.utils import missing

# Names that a view or the including template may leave out.
OPTIONAL_NAMES = frozenset(
    [
        *("alone", "autofocus", "autosaved", "bare", "brief", "caller", "captured", "choose_at"),
        *("error", "explains_stones", "fault", "focus", "gain", "help", "is_page", "kind"),
        *("legend", "link", "message_section", "nav_section", "newer", "oob", "pending", "refused"),
        *("preserved", "said", "saved", "saved_values", "shown", "solely_managed", "text"),
        *("trail", "unfolded", "wait"),
    ]
)


class PassedNames(jinja2.Undefined):
    """Raise AssertionError for a missing name that is not optional.

    Jinja reads it as empty, so that a page would silently lack what a renamed variable holds.
    """

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: str | None = None, *rest: Any
    ) -> None:
        if obj is missing and name is not None and name not in OPTIONAL_NAMES:
            raise AssertionError(f"a template reads {name}, which nothing passes")
        super().__init__(hint, obj, name, *rest)


def forbid_statements_while_rendering(app: Flask, engine: sa.Engine) -> None:
    """Raise AssertionError from any statement that runs while a template is rendered."""

    def begin(_app: Flask, **_context: object) -> None:
        g.is_rendering = True

    def end(_app: Flask, **_context: object) -> None:
        g.is_rendering = False

    def refuse(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if has_app_context() and g.get("is_rendering"):
            raise AssertionError(f"a template runs a statement: {statement}")

    before_render_template.connect(begin, app, weak=False)
    template_rendered.connect(end, app, weak=False)
    sa.event.listen(engine, "before_cursor_execute", refuse)
