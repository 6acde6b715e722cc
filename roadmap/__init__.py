"""Cairn: a self-hosted learning-roadmap tracker.

`flask --app roadmap …` and every server find the factory here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["create_app"]


def create_app(overrides: Mapping[str, Any] | None = None, *, with_commands: bool = True) -> Flask:
    """Return an application, see `roadmap.app`; the server's main process never imports it."""
    from roadmap import app

    return app.create_app(overrides, with_commands=with_commands)
