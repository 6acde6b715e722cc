"""The blueprint of the pages of administration."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from roadmap.core.errors import render_error
from roadmap.people.locks import TeamDeleted
from roadmap.people.permissions import PermissionDenied

admin = Blueprint("admin", __name__)


@admin.errorhandler(PermissionDenied)
@admin.errorhandler(TeamDeleted)
def handle_change_meanwhile(error: Exception) -> Response:
    """Answer where the permission or the team ended while the request waited for a lock."""
    return render_error(404 if isinstance(error, TeamDeleted) else 403)
