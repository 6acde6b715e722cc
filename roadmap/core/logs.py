"""Logs: one line an event, on standard error."""

from __future__ import annotations

import logging
import sys

import structlog
from flask import Flask

from roadmap.core.config import find_unknown_settings

log = logging.getLogger(__name__)


def init_logs(app: Flask) -> None:
    """Readable lines on a terminal, JSON elsewhere. Other handlers (a test's) are left alone."""
    root = logging.getLogger()
    if any(getattr(handler, "is_cairn", False) for handler in root.handlers) or app.testing:
        return
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    handler.is_cairn = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for line in find_unknown_settings():
        log.warning(line)
