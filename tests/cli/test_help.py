"""`flask --app roadmap`: the help, and commands that work without an installation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from flask import Flask

from roadmap.cli.command_groups import GROUPS
from roadmap.core.config import ROOT
from tests.support.catalog import SHIPPED_FILE


def flask(
    folder: Path, *words: str, options: tuple[str, ...] = (), **settings: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADMAP_")}
    return subprocess.run(
        [sys.executable, *options, "-m", "flask", "--app", "roadmap", *words],
        env={**kept, "ROADMAP_DATA_DIR": str(folder), **settings},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_help_lists_cairns_commands_without_loading_the_application(tmp_path: Path) -> None:
    done = flask(tmp_path, "--help", options=("-X", "importtime"))
    listed = done.stdout.partition("Commands:\n")[2]
    assert set(re.findall(r"^  (\w+)  ", listed, re.M)) == set(GROUPS)
    assert "sqlalchemy" not in done.stderr
    assert "roadmap.app" not in done.stderr


def test_catalog_validate_needs_no_secret_key(tmp_path: Path) -> None:
    done = flask(tmp_path, "catalog", "validate", str(SHIPPED_FILE))
    assert done.returncode == 0
    assert "in order" in done.stdout
    refused = flask(tmp_path, "catalog", "sync", "--dry-run")
    assert refused.returncode == 1
    assert "ROADMAP_SECRET_KEY is not set" in refused.stderr


def test_group_without_a_command_fails_with_its_help(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    for name in GROUPS:
        result = runner.invoke(args=[name])
        assert (result.exit_code, result.stdout) == (2, ""), name
        assert "Commands:" in result.stderr, name
    # The same without a secret key.
    done = flask(tmp_path, "user")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Commands:" in done.stderr


def test_unknown_command_is_reported_without_a_secret_key(tmp_path: Path) -> None:
    done = flask(tmp_path, "usr", "list")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: there is no command 'usr'")


def test_every_group_and_command_has_help(app: Flask) -> None:
    runner = app.test_cli_runner()
    for name in GROUPS:
        for command in ([], *([each] for each in app.cli.commands[name].commands)):
            result = runner.invoke(args=[name, *command, "--help"])
            assert result.exit_code == 0, (name, command)
            assert "Usage:" in result.stdout, (name, command)


def test_lists_of_commands_have_whole_sentences(app: Flask) -> None:
    """Click cuts the first sentence of a help text if it is too long for its line."""
    runner = app.test_cli_runner()
    for arguments in ([], *([name] for name in GROUPS)):
        listed = runner.invoke(args=[*arguments, "--help"]).stdout.partition("Commands:\n")[2]
        texts = re.findall(r"^  [\w-]+ +(.+)$", listed, re.M)
        assert len(texts) == len(listed.splitlines()), listed
        assert [each for each in texts if each.endswith("...") or not each.endswith(".")] == []


def test_catalog_help_shows_optional_files(app: Flask) -> None:
    runner = app.test_cli_runner()
    sync, validate = (
        runner.invoke(args=["catalog", each, "--help"]).stdout for each in ("sync", "validate")
    )
    assert "[FILE]..." in sync
    assert "[FILE]..." in validate
    assert "The file itself is not stored" in " ".join(sync.split())
