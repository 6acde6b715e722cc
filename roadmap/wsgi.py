"""WSGI application: `granian --interface wsgi roadmap.wsgi:app`."""

from __future__ import annotations

import gc
import sys

# Imports create hardly any garbage, and collection would take a tenth of the start time.
gc.disable()

from roadmap import create_app  # noqa: E402 - with the collector off
from roadmap.core.config import ConfigError  # noqa: E402 - likewise

try:
    app = create_app(with_commands=False)
except ConfigError as error:
    sys.exit(f"Error: {error}")

# Exclude everything loaded so far from garbage collection, and collect less often, because
# requests create few reference cycles.
gc.freeze()
gc.set_threshold(10_000, 20, 20)
gc.enable()
