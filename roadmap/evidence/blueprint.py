"""The blueprint of the pages of evidence."""

from __future__ import annotations

from flask import Blueprint

evidence = Blueprint("evidence", __name__)
