"""The pages of this room."""

from __future__ import annotations

from roadmap.reviews.blueprint import reviews

__all__ = ["reviews"]
