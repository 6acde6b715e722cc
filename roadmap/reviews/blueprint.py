"""The blueprint of reviews."""

from __future__ import annotations

from flask import Blueprint

reviews = Blueprint("reviews", __name__)
