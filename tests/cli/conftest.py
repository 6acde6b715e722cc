"""The fixture that runs a command."""

from __future__ import annotations

import pytest


@pytest.fixture
def run(app):
    """Return `run("user", "list")`, which runs a command in the shared application."""

    def invoke(*arguments: object, text: str | bytes | None = None):
        return app.test_cli_runner().invoke(args=[str(each) for each in arguments], input=text)

    return invoke
