"""The pages of this room: the matrix, the members, a person."""

from __future__ import annotations

from roadmap.teams import views_matrix, views_members, views_person
from roadmap.teams.blueprint import teams

__all__ = ["teams", "views_matrix", "views_members", "views_person"]
