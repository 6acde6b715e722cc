"""Tell of every actor whether they are on a roadmap; the places of a page depend on it."""

from __future__ import annotations

from roadmap.auth.sessions import add_actor_column
from roadmap.progress.queries import is_on_roadmap


def register() -> None:
    """Let the statement that loads the actor look as well."""
    add_actor_column("on_roadmap", is_on_roadmap())
