"""The blueprint of the review pages."""

from __future__ import annotations

from flask import Blueprint

reviews = Blueprint("reviews", __name__)
