"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

teams = Blueprint("teams", __name__)
