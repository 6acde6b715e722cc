"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

notify = Blueprint("notify", __name__)
