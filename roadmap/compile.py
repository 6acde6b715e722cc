"""Compile all modules and templates: `python -m roadmap.compile`.

`make install` runs this. A service that may not write to its own code would otherwise compile it at
every start.
"""

from __future__ import annotations

import compileall
import contextlib
import secrets
import sys

from roadmap import create_app
from roadmap.core.config import ROOT, ConfigError


def main() -> None:
    """Write the bytecode next to the sources. Unchanged files are skipped."""
    sys.dont_write_bytecode = False  # often set in containers
    for folder in ("roadmap", "migrations"):
        compileall.compile_dir(ROOT / folder, quiet=1)
    # A wrong setting is reported by the start, not by the installation.
    with contextlib.suppress(ConfigError):
        templates = create_app({"SECRET_KEY": secrets.token_hex()}, with_commands=False).jinja_env
        for name in templates.list_templates(filter_func=lambda name: "__pycache__" not in name):
            templates.get_template(name)


if __name__ == "__main__":
    main()
