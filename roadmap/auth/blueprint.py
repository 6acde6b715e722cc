"""The blueprint of this room, which its views fill."""

from __future__ import annotations

from flask import Blueprint

auth = Blueprint("auth", __name__)
