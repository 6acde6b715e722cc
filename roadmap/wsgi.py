"""WSGI application: `granian --interface wsgi roadmap.wsgi:app`."""

from __future__ import annotations

import gc
import sys

from roadmap import create_app
from roadmap.core.config import ConfigError

try:
    app = create_app(with_commands=False)
except ConfigError as error:
    sys.exit(f"Error: {error}")

# Collect garbage less often, because requests create few reference cycles.
gc.set_threshold(10_000, 20, 20)
