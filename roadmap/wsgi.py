"""Make the application for a WSGI server: `granian --interface wsgi roadmap.wsgi:app`."""

from __future__ import annotations

import sys

from roadmap import create_app
from roadmap.core.config import ConfigError

try:
    app = create_app(with_commands=False)
except ConfigError as error:
    sys.exit(f"Error: {error}")
