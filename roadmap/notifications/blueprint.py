"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

notifications = Blueprint("notifications", __name__)
