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

# Collect garbage less often than by default, because requests create few reference cycles. Their
# memory counts for each worker: 10,000 instead of 3,000 takes 2 MiB more.
gc.set_threshold(3_000, 10, 10)
