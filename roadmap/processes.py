"""Start only the server: `python -m roadmap.processes --host ADDRESS --port PORT [--jobs]`."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

from roadmap.server.processes import main

if TYPE_CHECKING:
    import uuid

    from flask import Flask

# Pages that most people open, for `render_pages`.
PAGES = ("/", "/roadmaps/{slug}", "/skills", "/readiness", "/evidence", "/account")


def preload() -> None:
    """Load the application and commonly used content into memory that forked workers share."""
    import sqlalchemy as sa
    from babel.numbers import format_decimal

    from roadmap.career_plans.queries import career_content
    from roadmap.catalog.models import Roadmap
    from roadmap.catalog.queries import published_roadmaps, role_fit
    from roadmap.core.config import ConfigError
    from roadmap.core.database import db
    from roadmap.core.errors import STORAGE_ERRORS
    from roadmap.progress.models import Enrollment
    from roadmap.readiness.gates.gate import gate_rules
    from roadmap.wsgi import app

    format_decimal(1, locale="en")
    career_content()
    with app.app_context():
        # If the database is unavailable, start anyway. Pages report the problem if it persists.
        with contextlib.suppress(*STORAGE_ERRORS, ConfigError):
            # A read transaction, so that the start does not wait for a writer such as a restore.
            db.session.connection(execution_options={"writes": False})
            for published in published_roadmaps(db.session):
                role_fit(published.content.slug)
                gate_rules(published.content.policy)
            enrolled = sa.select(Enrollment.user_id, Roadmap.slug).join(Roadmap)
            row = db.session.execute(enrolled.where(Enrollment.is_primary).limit(1)).first()
            if row is not None:
                render_pages(app, row.user_id, row.slug)
        db.session.close()
        # Processes must not share a database connection.
        db.engine.dispose()
    # Collect garbage now and freeze the rest, because a worker's collector would unshare its pages.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(AttributeError):
        # Return freed memory to the system. Only glibc has this.
        ctypes.CDLL(None).malloc_trim(0)


def render_pages(app: Flask, user_id: uuid.UUID, slug: str) -> None:
    """Render a person's pages and discard them, so that workers share what this loads.

    These are templates and compiled statements, and pages show an existing person most of them.
    """
    from flask import g

    from roadmap.core.database import db
    from roadmap.people.actor import Actor

    for page in PAGES:
        environ: dict[str, Any] = {"PATH_INFO": page.format(slug=slug)}
        setup_testing_defaults(environ)
        with app.request_context(environ):
            g._login_user = Actor(user_id, "", "", is_enrolled=True, session=db.session)
            try:
                app.full_dispatch_request()
            except Exception as error:  # noqa: BLE001 - the server starts nevertheless
                app.handle_exception(error)


if __name__ == "__main__":
    main(preload)
