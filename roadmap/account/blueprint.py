"""The blueprint of this room, which its routes fill."""

from __future__ import annotations

from flask import Blueprint

account = Blueprint("account", __name__)
