"""Wake the job process after a commit that enqueued mail or pages to fetch."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from roadmap.importers.actions import PAGES_ENQUEUED
from roadmap.mail.outbox import MAIL_ENQUEUED

if TYPE_CHECKING:
    from roadmap.jobs.queue import JobQueue

log = logging.getLogger(__name__)


def get_job_queue(app: Flask) -> JobQueue:
    """Return the application's queue, opened on first use, because importing huey is expensive."""
    from roadmap.jobs.queue import JobQueue

    found: JobQueue | None = app.extensions.get("jobs")
    if found is None:
        found = app.extensions["jobs"] = JobQueue(app)
    return found


@event.listens_for(Session, "after_commit")
def wake_after_commit(session: Session) -> None:
    # The event also fires for savepoints, whose rows are not visible yet.
    if session.in_nested_transaction():
        return
    has_mail = session.info.pop(MAIL_ENQUEUED, False)
    has_pages = session.info.pop(PAGES_ENQUEUED, False)
    if not (has_mail or has_pages):
        return
    try:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        queue = get_job_queue(app)
        if has_mail:
            queue.wake()
        if has_pages:
            queue.fetch()
    except (OSError, sqlite3.Error) as error:
        log.warning("the job process could not be woken, it begins within a minute: %s", error)
