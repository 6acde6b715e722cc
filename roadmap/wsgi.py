"""Make the application for a WSGI server: `granian --interface wsgi roadmap.wsgi:app`."""

from __future__ import annotations

import gc
import sys

# Nothing that is loaded here becomes garbage; looking for it takes a tenth of the start.
gc.disable()

from roadmap import create_app  # noqa: E402 - with the collector off
from roadmap.core.config import ConfigError  # noqa: E402 - likewise

try:
    app = create_app(with_commands=False)
except ConfigError as error:
    sys.exit(f"Error: {error}")

# What is loaded by now stays. The garbage collector need not walk through it again and again, nor
# look three times in a tick for cycles that a request does not make.
gc.freeze()
gc.set_threshold(10_000, 20, 20)
gc.enable()
