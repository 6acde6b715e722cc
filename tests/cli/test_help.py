"""`flask --app roadmap`: the help, and commands that work without an installation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from roadmap.core.config import ROOT
from tests.support.catalog import SHIPPED_FILE

OURS = {
    *(
        "backup",
        "badges",
        "catalog",
        "db",
        "demo",
        "export",
        "import",
        "jobs",
        "market",
        "readiness",
        "team",
    ),
    *("token", "user"),
}


def flask(
    folder: Path, *words: str, options: tuple[str, ...] = (), **settings: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADMAP_")}
    return subprocess.run(
        [sys.executable, *options, "-m", "flask", "--app", "roadmap", *words],
        env={**kept, "ROADMAP_DATA_DIR": str(folder), **settings},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_help_lists_our_commands_without_loading_the_application(tmp_path: Path) -> None:
    done = flask(tmp_path, "--help", options=("-X", "importtime"))
    listed = done.stdout.partition("Commands:\n")[2]
    assert set(re.findall(r"^  (\w+)  ", listed, re.M)) == OURS
    assert "sqlalchemy" not in done.stderr
    assert "roadmap.app" not in done.stderr


def test_a_roadmap_file_is_checked_without_a_key(tmp_path: Path) -> None:
    done = flask(tmp_path, "catalog", "validate", str(SHIPPED_FILE))
    assert done.returncode == 0
    assert "in order" in done.stdout
    refused = flask(tmp_path, "catalog", "sync", "--dry-run")
    assert refused.returncode == 1
    assert "ROADMAP_SECRET_KEY is not set" in refused.stderr


def test_a_group_without_a_command_is_no_success(tmp_path: Path) -> None:
    key = {"ROADMAP_SECRET_KEY": "a secret of the tests, long enough"}
    # Without a key as well: its help needs none.
    for words, settings in ((["user"], key), (["db"], key), (["user"], {}), (["team"], {})):
        done = flask(tmp_path, *words, **settings)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Commands:" in done.stderr


def test_files_are_named_or_left_out(tmp_path: Path) -> None:
    helps = [flask(tmp_path, "catalog", each, "--help").stdout for each in ("sync", "validate")]
    assert all("[FILE]..." in each for each in helps)
    assert "The file itself is not stored" in " ".join(helps[0].split())
