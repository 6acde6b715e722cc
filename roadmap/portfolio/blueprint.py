"""The blueprint of this room."""

from __future__ import annotations

from flask import Blueprint

portfolio = Blueprint("portfolio", __name__)
