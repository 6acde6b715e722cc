"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

account = Blueprint("account", __name__)
