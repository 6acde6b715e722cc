"""Start the server alone: `python -m roadmap.processes --host ADDRESS --port PORT [--jobs]`."""

import contextlib
import gc

from roadmap.server.processes import main


def preload() -> None:
    """Load the application and what most of its pages read, which the workers then share."""
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
        # A page says what is wrong with the database, if it still is.
        with contextlib.suppress(*STORAGE_ERRORS, ConfigError):
            # Only reads, so that a start waits for no writer, such as a restore.
            db.session.connection(execution_options={"writes": False})
            for published in published_roadmaps(db.session):
                role_fit(published.content.slug)
                gate_rules(published.content.policy)
        db.session.close()
        # No two processes may use the same connection.
        db.engine.dispose()
    # What reading the content left behind goes; a worker's collector must write to nothing else.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main(preload)
