"""The blueprint of the team pages."""

from __future__ import annotations

from flask import Blueprint

teams = Blueprint("teams", __name__)
