"""Start only the server: `python -m roadmap.processes --host ADDRESS --port PORT [--jobs]`."""

import contextlib
import gc

from roadmap.server.processes import main


def preload() -> None:
    """Load the application and commonly used content into memory that forked workers share."""
    from babel.numbers import format_decimal

    from roadmap.career_plans.queries import career_content
    from roadmap.catalog.queries import published_roadmaps, role_fit
    from roadmap.core.config import ConfigError
    from roadmap.core.database import db
    from roadmap.core.errors import STORAGE_ERRORS
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
        db.session.close()
        # Processes must not share a database connection.
        db.engine.dispose()
    # Collect garbage now and freeze the rest, because a worker's collector would unshare its pages.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main(preload)
