"""Log lines as JSON with the standard library alone, for processes that import no application.

The keys are those of `roadmap.core.logs`: event, level, logger, timestamp.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from typing import Any


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        event = record.getMessage()
        if record.exc_info:
            event = f"{event}\n{self.formatException(record.exc_info)}"
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat()
        return json.dumps(
            {
                "event": event,
                "level": record.levelname.lower(),
                "logger": record.name,
                "timestamp": moment.replace("+00:00", "Z"),
            }
        )


def logging_config() -> dict[str, Any]:
    """For `logging.config.dictConfig`: everything to standard error, readable on a terminal."""
    lines: dict[str, Any] = {"()": "roadmap.core.json_logging.JsonFormatter"}
    if sys.stderr.isatty():
        lines = {"format": "[%(levelname)s] %(message)s"}
    handler = {
        "class": "logging.StreamHandler",
        "stream": "ext://sys.stderr",
        "formatter": "lines",
    }
    return {"formatters": {"lines": lines}, "handlers": {"lines": handler}}
