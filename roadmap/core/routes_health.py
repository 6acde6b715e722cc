"""Health checks for supervisors and load balancers."""

from __future__ import annotations

import logging

import sqlalchemy.exc
from flask import Blueprint, Flask, Response, current_app

from roadmap.core.database import Schema, compare_schema, describe_database
from roadmap.core.maintenance import is_restoring

log = logging.getLogger(__name__)

health = Blueprint("health", __name__)
WAS_READY = "was_ready"


@health.get("/healthz")
def alive() -> Response:
    """Report that the process is up, without using the database."""
    return _text_response(200, "ok")


@health.get("/readyz")
def ready() -> Response:
    """Return 200 if the database responds and is fully migrated, else 503 with the reason."""
    if is_restoring(current_app.config["DATA_DIR"]):
        return _text_response(503, "a restore is under way")
    try:
        schema, database = compare_schema(), describe_database()
    except (sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError) as error:
        # Includes a database without tables.
        log.error("not ready: the database cannot be used: %s", str(error).splitlines()[0])
        return _text_response(503, "the database cannot be used")
    if schema is Schema.NEWER:
        log.error("not ready: the database is of a newer Cairn")
        return _text_response(503, "the database is of a newer Cairn")
    if schema is Schema.OLDER:
        command = ".venv/bin/flask --app roadmap db upgrade"
        log.error("not ready: migrations are missing; run: %s", command)
        return _text_response(503, "migrations are missing")
    if not current_app.extensions.get(WAS_READY):
        # Only changes are logged, because supervisors ask every few seconds.
        log.info("ready on %s", database)
        current_app.extensions[WAS_READY] = True
    return _text_response(200, "ok")


def init_health(app: Flask) -> None:
    # `permissions.permit` would do this, but it belongs to a higher layer.
    for view in (alive, ready):
        view.permission = "public"  # type: ignore[attr-defined]
    app.register_blueprint(health)


def _text_response(status: int, text: str) -> Response:
    response = Response(f"{text}\n", status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = "5"
        current_app.extensions[WAS_READY] = False
    return response
