"""The pages of this room: the matrix, the members, a person."""

from __future__ import annotations

from roadmap.teams import routes_matrix, routes_members, routes_person
from roadmap.teams.blueprint import teams

__all__ = ["routes_matrix", "routes_members", "routes_person", "teams"]
