"""The notifications page. Opening it marks nothing as read."""

from __future__ import annotations

import uuid
from itertools import groupby

from flask import Blueprint, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.dates import parse_moment
from roadmap.core.web import now, page_number, see_other
from roadmap.notifications import actions, queries
from roadmap.notifications.models import Notification
from roadmap.people import permissions
from roadmap.people.permissions import permit

notifications = Blueprint("notifications", __name__)


@notifications.get("/notifications")
@permit("notification.read")
def index() -> str:
    """List notifications by day, newest first."""
    page, unread = page_number(), "unread" in request.args
    found, more = queries.list_notifications(db.session, current_user, unread=unread, page=page)
    days = groupby(found, key=lambda item: current_user.today(item.created_at))
    return render_template(
        "notifications/index.html",
        days=[(day, list(group)) for day, group in days],
        today=current_user.today(now()),
        unread=unread,
        page=page,
        more=more,
        # Notifications created after this page was rendered stay unread.
        until=now().isoformat(),
    )


@notifications.put("/notifications/<uuid:key>/reading")
@permit("notification.write")
def read(key: uuid.UUID) -> Response:
    """Mark a notification as read, and redirect to its page or, with `stay`, to the list."""
    row = permissions.load(db.session, current_user, "notification.write", Notification, key)
    actions.mark_read(db.session, row, now=now())
    if "stay" in request.form:
        page, unread = page_number(), "" if "unread" in request.args else None
        return see_other("notifications.index", unread=unread, page=page if page > 1 else None)
    return redirect(queries.load_path(db.session, row), code=303)


@notifications.put("/notifications/reading")
@permit("notification.write")
def read_all() -> Response:
    """Mark all notifications as read that existed when the page was rendered."""
    until = parse_moment(request.form.get("until", "")) or now()
    actions.mark_all_read(db.session, current_user.id, until=until, now=now())
    return see_other("notifications.index")
