"""The blueprint of this room, which its views fill."""

from __future__ import annotations

from flask import Blueprint

accounts = Blueprint("accounts", __name__)
