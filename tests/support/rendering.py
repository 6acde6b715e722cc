"""Fail a test when a template runs a database statement."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask, before_render_template, g, has_app_context, template_rendered


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
