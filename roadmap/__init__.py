"""Cairn: a self-hosted learning-roadmap tracker.

`flask --app roadmap …` and all servers find the factory here.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["create_app"]


def create_app(overrides: Mapping[str, Any] | None = None, *, with_commands: bool = True) -> Flask:
    """Create the application, see `roadmap.app`."""
    if with_commands:
        from roadmap.cli.command_groups import add_commands, runs_without_settings

        if runs_without_settings():
            from flask import Flask

            bare = Flask("roadmap")
            add_commands(bare)
            return bare

    # Imports create hardly any garbage, and collection would take a fifth of the start time.
    gc.disable()
    try:
        from roadmap import app

        return app.create_app(overrides, with_commands=with_commands)
    finally:
        if overrides is None:
            # What this process has loaded stays. Tests drop the applications that they create.
            gc.freeze()
        gc.enable()
