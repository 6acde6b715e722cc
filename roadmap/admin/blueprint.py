"""The blueprint of the administration pages."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from roadmap.core.errors import render_error
from roadmap.people.locks import TeamDeleted
from roadmap.people.permissions import PermissionDenied

admin = Blueprint("admin", __name__)


@admin.errorhandler(PermissionDenied)
@admin.errorhandler(TeamDeleted)
def handle_concurrent_change(error: Exception) -> Response:
    """Handle the loss of permission or the deletion of the team while waiting for a lock."""
    return render_error(404 if isinstance(error, TeamDeleted) else 403)
