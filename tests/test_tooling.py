"""The tools used by the checks and tests work as expected."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import chromium, sqlite_only
from tools import audit
from tools.vendor import ROOT

LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-uv.txt"]

Entry = dict[str, Any]
CLEAN: Entry = {"name": "flask", "version": "3.1.3", "vulns": []}
UNKNOWN: Entry = {"name": "flask", "skip_reason": "not found"}
VULNERABLE: Entry = {
    "name": "flask",
    "version": "3.1.3",
    "vulns": [{"id": "PYSEC-0", "fix_versions": ["4"]}],
}


@pytest.mark.parametrize(
    ("entries", "status", "said"),
    [
        ([CLEAN, CLEAN], 0, "No known vulnerability in 2 locked"),
        ([CLEAN, UNKNOWN], 0, "in 1 of 2"),
        ([UNKNOWN, UNKNOWN], 0, "No audit was made"),
        ([], 0, "No audit was made"),
        ([CLEAN, VULNERABLE], 1, "flask 3.1.3: PYSEC-0, fixed in 4"),
    ],
)
def test_an_audit_tells_a_clean_bill_from_no_audit(
    entries: list[Entry], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.report(entries, total=2) == status
    output = capsys.readouterr()
    assert said in output.out + output.err


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_distribution_has_a_hash_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = re.findall(r"^\S+==\S+.*\\\n    --hash=sha256:", text, flags=re.MULTILINE)
    assert len(pins) == audit.count_locked(ROOT / name) > 0
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_the_development_lock_holds_the_runtime_lock_version_for_version() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^(\S+==\S+)", text, flags=re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_a_missing_chromium_is_answered_with_the_command_that_installs_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.chromium"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    for command in chromium.install_commands(["sudo"]):
        assert " ".join(command) in done.stderr


def test_another_python_than_that_of_the_environment_is_refused_aloud(tmp_path: Path) -> None:
    """Make must not silently install into an existing environment with another Python."""
    other = tmp_path / "python"
    other.write_text('#!/bin/sh\necho "3.99.0 in /opt/other"\n', "utf-8")
    other.chmod(0o755)
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)

    def install(python: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(shutil.which("make")), "python-of-venv", f"VENV={venv}", f"PYTHON={python}"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    refused = install(str(other))
    assert refused.returncode != 0
    assert f"{venv} has Python {sys.version.split()[0]} in " in refused.stderr
    assert "is 3.99.0 in /opt/other. Delete " in refused.stderr
    same = install(sys.executable)
    assert (same.returncode, same.stderr) == (0, "")


def test_every_test_that_runs_on_sqlite_alone_exists() -> None:
    """A renamed module would silently run on both again."""
    missing = []
    for name in sorted(sqlite_only.NAMES):
        module, _, test = name.partition("::")
        function = test.partition("[")[0] or "test_"
        file = ROOT / module
        if not file.is_file() or f"def {function}" not in file.read_text(encoding="utf-8"):
            missing.append(name)
    assert missing == []


def test_a_new_process_knows_the_tables_of_every_room() -> None:
    """Backup and erasure iterate over all tables, including rooms with lazily loaded pages."""
    script = (
        "from roadmap.app import models; from roadmap.core.types import Base; models(); "
        "print(*Base.metadata.tables)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    named = {
        name
        for path in (ROOT / "roadmap").glob("*/models.py")
        for name in re.findall(r'__tablename__ = "(\w+)"', path.read_text("utf-8"))
    }
    assert set(done.stdout.split()) == named
