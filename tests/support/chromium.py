"""Find, install and launch Debian's Chromium for the browser tests.

    python -m tests.support.chromium

installs it if it is missing. Playwright's own browser is never downloaded: it comes from a host
that many machines cannot reach, and it gets no system updates.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# The headless shell takes half the CPU time but has no back/forward cache, so tests of Back use the
# full browser.
SHELL = "chromium-headless-shell"
# Playwright's Node.js links to libatomic1, which a minimal Debian lacks.
# openssl and systemd-analyze are for the recipes of the operator's guide.
PACKAGES = ("chromium", SHELL, "libatomic1", "fonts-dejavu-core", "openssl", "systemd")
PROGRAMS = ("openssl", "systemd-analyze")

FLAGS = [
    "--no-sandbox",  # containers lack the namespaces that Chromium's sandbox needs
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's /dev/shm is too small for large pages
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class ChromiumUnavailable(RuntimeError):
    """No Chromium is installed. The message contains the command that installs it."""


def find_chromium(*preferred: str) -> Path | None:
    """Return the program named by ``CHROMIUM``, or the first one on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named)
    found = next(filter(None, map(shutil.which, (*preferred, *NAMES))), None)
    return Path(found) if found else None


def install_commands(prefix: list[str]) -> list[list[str]]:
    """Return the commands that install Chromium on Debian derivatives, each after `prefix`."""
    return [
        [*prefix, "apt-get", "update"],
        [*prefix, "apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES],
    ]


def _install_prefix() -> list[str] | None:
    """Return the command prefix for installing packages: [] for root, sudo, or None if denied."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo:
        permitted = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
        if permitted.returncode == 0:
            return [sudo, "-n"]
    return None


def _is_installed(*more: str) -> bool:
    return find_chromium() is not None and (
        sys.platform != "linux"
        or (find_library("atomic") is not None and all(map(shutil.which, (*more, *PROGRAMS))))
    )


def ensure_chromium() -> None:
    """Install Chromium if it is missing. Raises `ChromiumUnavailable` if that fails."""
    if _is_installed(SHELL):
        return
    rights = _install_prefix()
    if rights is None and _is_installed():
        return  # works without the headless shell, only slower
    if rights is None:
        by_hand = " && ".join(" ".join(command) for command in install_commands(["sudo"]))
        raise ChromiumUnavailable(
            f"Chromium, openssl or systemd is missing for the tests. Run:\n  {by_hand}\n"
            "or set CHROMIUM to the path of the program."
        )
    print("Installing Chromium and other packages for the tests", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in install_commands(rights):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode and not _is_installed():
            raise ChromiumUnavailable(f"This command failed:\n  {' '.join(command)}")
    if not _is_installed():
        raise ChromiumUnavailable("Required programs are still missing after the installation.")


def launch(playwright: Playwright) -> Browser:
    """Start the installed Chromium, headless. Raises `ChromiumUnavailable`."""
    program = find_chromium(SHELL)
    if program is None:
        raise ChromiumUnavailable("Chromium not found: run `python -m tests.support.chromium`.")
    return playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)


def main() -> int:
    """Install Chromium if needed and return the exit status."""
    try:
        ensure_chromium()
    except ChromiumUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
