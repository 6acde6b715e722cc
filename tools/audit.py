"""Asks a public database whether a locked dependency has a known vulnerability.

    python -m tools.audit requirements-dev.txt

Exit status 1 when one has. pip-audit alone cannot be trusted with that: where its service is not
reached it may report nothing and succeed. So this counts what was really looked up, and says
plainly when no audit was made. That alone is no failure: the network is not the code's fault.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 120
NO_AUDIT = "No audit was made: {reason}. Nothing is known about vulnerable dependencies."


def count_locked(lock: Path) -> int:
    """How many distributions a lock names."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return sum(bool(re.match(r"[A-Za-z0-9][\w.\-\[\]]*==", line)) for line in lines)


def run_audit(lock: Path) -> tuple[list[dict[str, Any]] | None, str]:
    """pip-audit's list of dependencies, or None and why there is none."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock)]
    command += ["--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "15"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return None, f"the service did not answer within {TIMEOUT_SECONDS} s"
    try:
        return json.loads(done.stdout)["dependencies"], ""
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        return None, last.rstrip(".")


def report(dependencies: list[dict[str, Any]], total: int) -> int:
    """Print what was found and return the exit status."""
    found = [entry for entry in dependencies if entry.get("vulns")]
    for entry in found:
        for vulnerability in entry["vulns"]:
            fixed = ", ".join(vulnerability.get("fix_versions") or []) or "no version yet"
            name = f"{entry['name']} {entry['version']}"
            print(f"{name}: {vulnerability['id']}, fixed in {fixed}", file=sys.stderr)
    audited = sum("vulns" in entry for entry in dependencies)
    if found:
        return 1
    if audited == 0:
        print(NO_AUDIT.format(reason="the service knew none of the locked dependencies"))
    elif audited < total:
        # Markers leave out what this platform does not install.
        print(f"No known vulnerability in {audited} of {total} locked dependencies; the others")
        print("were not looked up here.")
    else:
        print(f"No known vulnerability in {total} locked dependencies.")
    return 0


def main(arguments: list[str]) -> int:
    """Audit one lock; return the exit status."""
    lock = Path(arguments[0] if arguments else "requirements-dev.txt")
    dependencies, reason = run_audit(lock)
    if dependencies is None:
        print(NO_AUDIT.format(reason=reason))
        return 0
    return report(dependencies, count_locked(lock))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
