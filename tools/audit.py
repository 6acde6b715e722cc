"""Check locked dependencies for known vulnerabilities in a public database.

    python -m tools.audit requirements-dev.txt

The exit status is 1 if there is one. pip-audit may report nothing and succeed when it cannot reach
its service, so this counts the dependencies looked up and reports when no audit was made. A
missing audit alone is not a failure, because the code does not cause network faults.
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
    """Return the number of distributions in a lock file."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return sum(bool(re.match(r"[A-Za-z0-9][\w.\-\[\]]*==", line)) for line in lines)


def run_audit(lock: Path) -> tuple[list[dict[str, Any]] | None, str]:
    """Return pip-audit's list of dependencies, or None and the reason."""
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
    """Print the result and return the exit status."""
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
        # Environment markers exclude packages of other platforms.
        print(f"No known vulnerability in {audited} of {total} locked dependencies; the others")
        print("were not looked up here.")
    else:
        print(f"No known vulnerability in {total} locked dependencies.")
    return 0


def main(arguments: list[str]) -> int:
    """Audit a lock file and return the exit status."""
    lock = Path(arguments[0] if arguments else "requirements-dev.txt")
    dependencies, reason = run_audit(lock)
    if dependencies is None:
        print(NO_AUDIT.format(reason=reason))
        return 0
    return report(dependencies, count_locked(lock))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
