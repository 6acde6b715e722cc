"""The blueprint of the evidence pages."""

from __future__ import annotations

from flask import Blueprint

evidence = Blueprint("evidence", __name__)
