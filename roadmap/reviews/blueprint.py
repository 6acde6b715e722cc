"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

reviews = Blueprint("reviews", __name__)
