"""Logging to standard error, one line per event."""

from __future__ import annotations

import datetime as dt
import json
import logging
import logging.config
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)


class JsonFormatter(logging.Formatter):
    """Format a record as JSON with event, level, logger, timestamp and any exception."""

    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat()
        line = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": moment.replace("+00:00", "Z"),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def logging_config() -> dict[str, Any]:
    """Return the handler and formatter for `logging.config.dictConfig`."""
    formatter: dict[str, Any] = {"()": JsonFormatter}
    if sys.stderr.isatty():
        formatter = {"format": "%(asctime)s [%(levelname)s] %(message)s"}
    handler = {"class": "logging.StreamHandler", "formatter": "lines"}
    return {"version": 1, "formatters": {"lines": formatter}, "handlers": {"lines": handler}}


def init_logs(app: Flask) -> None:
    """Configure logging, unless handlers are already set up (as by pytest)."""
    from roadmap.core.config import find_unknown_settings

    if app.testing:
        return
    if not logging.getLogger().handlers:
        root = {"handlers": ["lines"], "level": "INFO"}
        config = {**logging_config(), "disable_existing_loggers": False, "root": root}
        logging.config.dictConfig({**config, "loggers": {"alembic": {"level": "WARNING"}}})
    for line in find_unknown_settings():
        log.warning(line)
