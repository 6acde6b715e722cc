"""The pages of this room."""

from __future__ import annotations

from roadmap.admin.blueprint import admin

__all__ = ["admin"]
