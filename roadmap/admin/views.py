"""The pages of this room."""

from __future__ import annotations

from roadmap.admin import (
    views_invitations,
    views_log,
    views_overview,
    views_people,
    views_person,
    views_teams,
)
from roadmap.admin.blueprint import admin

__all__ = [
    "admin",
    "views_invitations",
    "views_log",
    "views_overview",
    "views_people",
    "views_person",
    "views_teams",
]
