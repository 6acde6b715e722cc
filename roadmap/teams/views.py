"""The pages of this room."""

from __future__ import annotations

from roadmap.teams.blueprint import teams

__all__ = ["teams"]
