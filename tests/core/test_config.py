"""An invalid setting stops the start with a one-line message that names it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from roadmap import create_app
from roadmap.core import config
from roadmap.core.config import ConfigError

SECRET = "a secret of the tests, long enough"


def build_config(folder: Path, **settings: str) -> dict[str, Any]:
    return config.build_config({"SECRET_KEY": SECRET, "DATA_DIR": str(folder), **settings})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "garbage"),
        ("DATABASE_URL", "mysql://u@x/d"),
        ("DATABASE_URL", "postgresql+asyncpg://u@x/d"),
        ("DATABASE_URL", "postgresql://u:p@x:port/d"),
        ("DATABASE_URL", "sqlite://host/file"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///file::memory:?uri=true"),
        ("BASE_URL", "nope"),
        ("BASE_URL", "ftp://cairn.example.org"),
        ("BASE_URL", "https://cairn.example.org/path"),
        ("BASE_URL", "https://cairn.example.org?x=1"),
        ("BASE_URL", "https://user@cairn.example.org"),
        ("BASE_URL", "https://cairn.example.org:port"),
        ("BASE_URL", "https://"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "one"),
        ("TRUSTED_PROXIES", ""),
        ("MAIL_FROM", "garbage"),
        ("MAIL_FROM", "Cairn <cairn>"),
        ("MAIL_FROM", "Cairn <>"),
        ("MAIL_FROM", "a@example.org, b@example.org"),
        ("MAIL_FROM", "a@example.org\nBcc: b@example.org"),
        ("SMTP_URL", "http://x"),
        ("SMTP_URL", "smtp://127.0.0.1:notaport"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://127.0.0.1:0"),
        ("SIGNUP", "closed"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "k" * 2001),
        ("TRUSTED_PROXIES", "9" * 1000),
        ("BASE_URL", "https://" + "\u00e4." * 200 + "example"),
        ("MAIL_FROM", "(" * 1500),
        ("MAIL_FROM", '"' * 50_000 + "@example.org"),
    ],
)
def test_invalid_value_is_reported_with_its_setting(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build_config(tmp_path, **{name: value})
    assert str(refused.value).startswith(f"ROADMAP_{name} ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["secret-key", "cairn.sqlite3"])
def test_root_does_not_use_files_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The files that it creates, such as a database's log, would stop that user's server."""
    (tmp_path / name).write_text(SECRET)
    build_config(tmp_path)
    if os.geteuid() == 0:
        os.chown(tmp_path / name, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ConfigError, match=f"^{tmp_path / name} belongs to another user"):
        build_config(tmp_path)


@pytest.mark.parametrize(
    ("theirs", "database"),
    [("data", "data/cairn.sqlite3"), ("elsewhere", "elsewhere/x"), ("elsewhere/x", "elsewhere/x")],
)
def test_root_does_not_write_into_a_folder_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theirs: str, database: str
) -> None:
    """Neither into an empty data folder nor where the database is elsewhere."""
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    if theirs == database:
        (tmp_path / theirs).touch()
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / database}"}
    if os.geteuid() == 0:
        build_config(tmp_path / "data", **settings)
        os.chown(tmp_path / theirs, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ConfigError, match=f"{tmp_path / theirs} belongs to another user"):
        build_config(tmp_path / "data", **settings)


def test_all_invalid_settings_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        build_config(
            tmp_path, SECRET_KEY="", SIGNUP="closed", DATABASE_URL="sqlite://", SMTP_URL="smtp:x"
        )
    names = [line.split()[0] for line in str(refused.value).splitlines()]
    assert sorted(names) == [
        *("ROADMAP_DATABASE_URL", "ROADMAP_SECRET_KEY", "ROADMAP_SIGNUP", "ROADMAP_SMTP_URL")
    ]


def test_relative_database_path_starts_at_the_project_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = create_app({"SECRET_KEY": SECRET, "DATABASE_URL": "sqlite:///x.sqlite3"})
    url = app.extensions["sqlalchemy"].engines["default"].url
    assert url.database == str(config.ROOT / "x.sqlite3")


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("DATABASE_URL", "postgres://u:p%40@db.example.org:5432/cairn", None),
        ("DATABASE_URL", "postgresql:///cairn?host=/run/postgresql", None),
        ("DATABASE_URL", "sqlite:///cairn.sqlite3", None),
        ("BASE_URL", "https://cairn.example.org/", "https://cairn.example.org"),
        ("BASE_URL", "HTTPS://cairn.example.org:8443", "https://cairn.example.org:8443"),
        ("BASE_URL", "http://[::1]:8000", None),
        ("BASE_URL", "https://Cairn.Example.org:443", "https://cairn.example.org"),
        ("BASE_URL", "https://bücher.example:8443", "https://xn--bcher-kva.example:8443"),
        ("MAIL_FROM", "Cairn <cairn@bücher.example>", "Cairn <cairn@xn--bcher-kva.example>"),
        ("MAIL_FROM", "cairn@localhost", None),
        ("MAIL_FROM", "Cairn bei Müller <cairn@example.org>", None),
        ("TRUSTED_PROXIES", "2", 2),
    ],
)
def test_valid_value_is_accepted(tmp_path: Path, name: str, value: str, kept: object) -> None:
    assert build_config(tmp_path, **{name: value})[name] == (value if kept is None else kept)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ROADMAP_X_ONE=1\nthis is no setting\n", 2),
        ("# a comment\n\n\nROADMAP_X_ONE\n", 4),
        ("ROADMAP_X_ONE=1\nROADMAP_X_TWO='never closed\n", 2),
    ],
)
def test_invalid_env_file_line_is_reported_with_its_number(
    tmp_path: Path, text: str, line: int
) -> None:
    path = tmp_path / ".env"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refused:
        config.load_env_file(path)
    assert str(refused.value).startswith(f"{path}, line {line}:")
    assert "ROADMAP_X_ONE" not in os.environ


def test_invalid_env_file_lines_are_reported_with_other_errors(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        f"ROADMAP_DATA_DIR={tmp_path}\nno setting\nROADMAP_SIGNUP=everybody\n"
        "ROADMAP_AUDIT_DAYS=soon\nROADMAP_SECRET_KEY\n",
        "utf-8",
    )
    with pytest.raises(ConfigError) as refused:
        config.load_env_file(path)
    lines = str(refused.value).splitlines()
    assert [line.split(": ")[0] for line in lines[:2]] == [f"{path}, line 2", f"{path}, line 5"]
    assert [line.split()[0] for line in lines[2:]] == ["ROADMAP_SIGNUP", "ROADMAP_AUDIT_DAYS"]


@pytest.mark.parametrize("name", [".env", config.KEY_FILE])
def test_endless_file_is_reported_with_its_path(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match=re.escape(str(path))):
        config.load_env_file(path) if name == ".env" else config.read_secret_key(tmp_path)
    assert config.read_base_url(tmp_path).startswith("http://")


def test_env_file_must_be_utf8_and_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"ROADMAP_X_ONE=\xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load_env_file(path)
    config.load_env_file(tmp_path / "missing")


def test_environment_overrides_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADMAP_X_ONE", "environment")
    monkeypatch.setenv("ROADMAP_X_TWO", "to be taken away afterwards")
    monkeypatch.delenv("ROADMAP_X_TWO")
    path = tmp_path / ".env"
    path.write_text("export ROADMAP_X_ONE=file\n\nROADMAP_X_TWO='a b' # why\n", "utf-8")
    config.load_env_file(path)
    assert (os.environ["ROADMAP_X_ONE"], os.environ.pop("ROADMAP_X_TWO")) == ("environment", "a b")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("ROADMAP_SIGNPU", "ROADMAP_SIGNUP"), ("roadmap_base_url", "ROADMAP_BASE_URL")],
    ids=["typo", "lower case"],
)
def test_misspelled_setting_is_reported_with_a_suggestion(
    monkeypatch: pytest.MonkeyPatch, name: str, suggestion: str
) -> None:
    monkeypatch.setenv(name, "invite")
    assert config.find_unknown_settings() == [
        f"{name} is not a setting of Cairn; did you mean {suggestion}?"
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("roadmap.serve", "--port", "1"),
        ("roadmap.processes", "--port", "1"),
        ("flask", "--app", "roadmap", "user", "list"),
        ("flask", "--app", "roadmap", "jobs", "run", "--once"),
    ],
    ids=["server", "server without jobs", "command", "jobs"],
)
def test_server_jobs_and_commands_exit_on_an_invalid_setting(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADMAP_")}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=config.ROOT,
        env={
            **kept,
            "ROADMAP_SECRET_KEY": SECRET,
            "ROADMAP_DATA_DIR": str(tmp_path),
            "ROADMAP_BASE_URL": "nope",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "ROADMAP_BASE_URL" in done.stderr


def test_uncommented_env_example_equals_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in config.SETTINGS:
        monkeypatch.setenv(config.PREFIX + name, "")
    plain = config.build_config({"SECRET_KEY": SECRET})
    for line in (config.ROOT / ".env.example").read_text("utf-8").splitlines():
        if line.startswith(f"#{config.PREFIX}"):
            name, _, value = line[1:].partition("=")
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert config.build_config({"SECRET_KEY": SECRET}) == plain
    assert plain["DATA_DIR"] == config.ROOT / "instance"
    assert (plain["SIGNUP"], plain["TRUSTED_PROXIES"]) == ("open", 0)


def test_smtp_examples_in_env_example_and_guide_are_equal_and_valid() -> None:
    texts = [
        (config.ROOT / ".env.example").read_text("utf-8"),
        next(
            line
            for line in (config.ROOT / "docs/operators.md").read_text("utf-8").splitlines()
            if line.startswith("| `ROADMAP_SMTP_URL`")
        ),
    ]
    addresses = [re.findall(r"smtp[\w+]*://[\w:@]+", text) for text in texts]
    assert addresses[0] == addresses[1]
    servers = [config.parse_smtp_url(address) for address in addresses[0]]
    # Each example names the default port of its scheme, and has a password only with TLS.
    for address, server in zip(addresses[0], servers, strict=True):
        assert config.parse_smtp_url(address.rpartition(":")[0]) == server
        assert not server.password or server.tls in ("always", "must")
    assert {server.tls for server in servers} == {"always", "must", "may"}
    for text in texts:
        assert "ROADMAP_BASE_URL" in text
    with pytest.raises(ValueError, match=re.escape(addresses[0][0])):
        config.parse_smtp_url("mail.example.org")


def test_empty_settings_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.SETTINGS:
        monkeypatch.setenv(config.PREFIX + name, "")
    assert not set(config.read_environment()) & set(config.SETTINGS)


def test_relative_data_folder_starts_at_the_project_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.resolve_data_folder("kept/here") == config.ROOT / "kept" / "here"
    assert config.resolve_data_folder(str(tmp_path)) == tmp_path.resolve()


def test_sqlite_file_in_a_missing_folder_is_rejected(tmp_path: Path) -> None:
    missing = tmp_path / "mistyped"
    with pytest.raises(ConfigError, match=r"^ROADMAP_DATABASE_URL names .*there is no folder"):
        build_config(tmp_path, DATABASE_URL=f"sqlite:///{missing / 'cairn.sqlite3'}")
    assert not missing.exists()
    # The data folder itself is created at the first start.
    build_config(missing, DATABASE_URL=f"sqlite:///{missing / 'cairn.sqlite3'}")
