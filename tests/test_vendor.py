"""Vendored files are unchanged and have a license, and every one is listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.vendor import ROOT, VENDORED, Origin, manifest

FOLDERS = [pytest.param(ROOT / name, files, id=name) for name, files in VENDORED.items()]


@pytest.mark.parametrize(("folder", "files"), FOLDERS)
def test_manifest_matches_the_files(folder: Path, files: dict[str, Origin]) -> None:
    stored = (folder / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(stored) == json.loads(manifest(folder, files))


@pytest.mark.parametrize(("folder", "files"), FOLDERS)
def test_every_file_is_listed_and_has_its_licence(folder: Path, files: dict[str, Origin]) -> None:
    licences = {path.name for path in folder.glob("LICENSE-*")}
    assert {origin.licence_file for origin in files.values()} <= licences
    others = {path.name for path in folder.iterdir()} - licences - {"manifest.json"}
    assert others == set(files)


def test_htmx_is_version_2() -> None:
    """htmx 4 renamed the request headers that Flask-HTMX 0.4 reads."""
    script = (ROOT / "static/vendor/htmx.min.js").read_text(encoding="utf-8")
    assert 'version:"2.' in script


def test_stylesheet_loads_no_external_files() -> None:
    """The content security policy allows styles only inline data images."""
    style = (ROOT / "static/vendor/oat.min.css").read_text(encoding="utf-8")
    assert "@import" not in style
    assert style.count("url(") == style.count('url("data:image/')
