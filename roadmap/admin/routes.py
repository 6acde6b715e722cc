"""The pages of administration."""

from __future__ import annotations

from roadmap.admin import (
    routes_audit,
    routes_invitations,
    routes_overview,
    routes_people,
    routes_person,
    routes_teams,
)
from roadmap.admin.blueprint import admin

__all__ = [
    "admin",
    "routes_audit",
    "routes_invitations",
    "routes_overview",
    "routes_people",
    "routes_person",
    "routes_teams",
]
