"""Lock files, and the tools of `make check` and the tests."""

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
    ("entries", "status", "message"),
    [
        ([CLEAN, CLEAN], 0, "No known vulnerability in 2 locked"),
        ([CLEAN, UNKNOWN], 0, "in 1 of 2"),
        ([UNKNOWN, UNKNOWN], 0, "No audit was made"),
        ([], 0, "No audit was made"),
        ([CLEAN, VULNERABLE], 1, "flask 3.1.3: PYSEC-0, fixed in 4"),
    ],
)
def test_audit_report_distinguishes_clean_from_skipped(
    entries: list[Entry], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.report(entries, total=2) == status
    output = capsys.readouterr()
    assert message in output.out + output.err


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_has_hashes_and_no_urls(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = re.findall(r"^\S+==\S+.*\\\n    --hash=sha256:", text, flags=re.MULTILINE)
    assert len(pins) == audit.count_locked(ROOT / name) > 0
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_development_lock_contains_the_runtime_versions() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^(\S+==\S+)", text, flags=re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_missing_chromium_error_has_the_install_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert chromium.main() == 1
    error = capsys.readouterr().err
    for command in chromium.install_commands(["sudo"]):
        assert " ".join(command) in error


def test_make_rejects_a_python_other_than_the_environments(tmp_path: Path) -> None:
    """make must not silently install into an existing environment with another Python."""
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

    rejected = install(str(other))
    assert rejected.returncode != 0
    assert f"{venv} has Python {sys.version.split()[0]} in " in rejected.stderr
    assert "is 3.99.0 in /opt/other. Delete " in rejected.stderr
    same = install(sys.executable)
    assert (same.returncode, same.stderr) == (0, "")


def test_sqlite_only_tests_exist() -> None:
    """A renamed test would silently run on both databases."""
    missing = []
    for name in sorted(sqlite_only.NAMES):
        module, _, test = name.partition("::")
        function = test.partition("[")[0] or "test_"
        file = ROOT / module
        if not file.is_file() or f"def {function}" not in file.read_text(encoding="utf-8"):
            missing.append(name)
    assert missing == []


def test_new_process_has_the_tables_of_all_models() -> None:
    """Backup and erasure iterate over all tables, also of lazily loaded packages."""
    script = (
        "from roadmap.app import models; from roadmap.core.types import Base; models(); "
        "print(*Base.metadata.tables)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    expected = {
        name
        for path in (ROOT / "roadmap").glob("*/models.py")
        for name in re.findall(r'__tablename__ = "(\w+)"', path.read_text("utf-8"))
    }
    assert set(done.stdout.split()) == expected
