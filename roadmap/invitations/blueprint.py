"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

invitations = Blueprint("invitations", __name__)
