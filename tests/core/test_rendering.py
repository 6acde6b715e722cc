"""A template that runs a query, or reads a name that nothing passes, makes its test fail."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask, render_template_string
from sqlalchemy.orm import Session


def test_query_within_a_template_fails(app: Flask, session: Session) -> None:
    query = lambda: session.scalar(sa.text("SELECT 1"))  # noqa: E731
    with app.test_request_context():
        assert render_template_string("{{ value }}", value=query()) == "1"
        with pytest.raises(AssertionError, match="a template runs a statement: SELECT 1"):
            render_template_string("{{ query() }}", query=query)


def test_undefined_name_in_a_template_fails(app: Flask) -> None:
    with app.test_request_context():
        assert render_template_string("{% if oob %}{{ oob }}{% endif %}") == ""
        with pytest.raises(AssertionError, match="a template reads badges, which nothing passes"):
            render_template_string("{% for each in badges %}{{ each }}{% endfor %}")
