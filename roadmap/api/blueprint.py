"""The blueprint of the REST API."""

from __future__ import annotations

from flask import Blueprint

api = Blueprint("api", __name__)
BASE = "/api/v1"
