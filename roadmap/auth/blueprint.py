"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

auth = Blueprint("auth", __name__)
