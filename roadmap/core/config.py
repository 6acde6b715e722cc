"""Settings from the environment, each with a default and a validator.

The operator's guide lists every setting; a test compares.
"""

from __future__ import annotations

import difflib
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from dotenv import load_dotenv
from dotenv.parser import parse_stream

from roadmap.core.config_validators import VALIDATORS

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ROADMAP_"
COOKIE_NAME = "cairn"
# Browsers accept this prefix only with Secure, Path=/ and no Domain.
SECURE_COOKIE_NAME = f"__Host-{COOKIE_NAME}"
VERSION = "0.1.0"

# The settings and their defaults; None means that `build_config` computes it.
SETTINGS: dict[str, str | None] = {
    "SECRET_KEY": None,
    "DATABASE_URL": None,
    "DATA_DIR": None,
    "BASE_URL": "",
    "SIGNUP": "open",
    "SMTP_URL": "",
    "MAIL_FROM": "",
    "TRUSTED_PROXIES": "0",
}


class ConfigError(click.ClickException):
    """A setting is missing or wrong; the message names it and says what to do.

    On the command line it is one line and exit status 1.
    """


def read_environment() -> dict[str, str]:
    """Return the settings in the environment or in `.env`; empty ones mean the default."""
    load_env_file(ROOT / ".env")
    return {name: value for name in SETTINGS if (value := os.environ.get(PREFIX + name))}


def resolve_data_folder(name: str | None) -> Path:
    """Return the data folder: `instance`, or the named one, relative to the code."""
    return (ROOT / (name or "instance")).resolve()


def load_env_file(path: Path) -> None:
    """Load the file's settings into the environment, unless they are set already.

    Raises ConfigError for a file that cannot be read, and with the line that is not a setting.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return
    except UnicodeDecodeError:
        raise ConfigError(f"{path} cannot be read: it is not UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            # The parser includes the blank lines before the line that it could not
            # read.
            passed = len(binding.original.string) - len(binding.original.string.lstrip())
            line = binding.original.line + binding.original.string[:passed].count("\n")
            raise ConfigError(f"{path}, line {line}: this is not of the form NAME=value.")
    load_dotenv(stream=io.StringIO(text))


def find_unknown_settings() -> list[str]:
    """Return a line for each environment variable that resembles a setting, mistyped perhaps."""
    names = {PREFIX + name for name in SETTINGS}
    lines = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in names:
            near = difflib.get_close_matches(name, sorted(names), 1)
            lines.append(
                f"{name} is not a setting of Cairn" + (f"; is {near[0]} meant?" if near else "")
            )
    return lines


def build_config(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the application's configuration: defaults, then the environment, then `overrides`.

    Raises ConfigError for a missing setting or a value that cannot be parsed.
    """
    values: dict[str, Any] = {**SETTINGS, **read_environment(), **(overrides or {})}
    data_dir = resolve_data_folder(values["DATA_DIR"])
    key_file = data_dir / "secret-key"
    if not values["SECRET_KEY"] and key_file.is_file():
        # Written by `make run`, so that `flask --app roadmap …` works beside it.
        values["SECRET_KEY"] = key_file.read_text("utf-8").strip()
    if not values["SECRET_KEY"]:
        raise ConfigError(
            "ROADMAP_SECRET_KEY is not set. `make run` creates one; elsewhere set it to the output "
            "of: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    if len(values["SECRET_KEY"]) < 16:
        raise ConfigError("ROADMAP_SECRET_KEY is too short: use at least 16 characters.")
    if not values["DATABASE_URL"]:
        values["DATABASE_URL"] = f"sqlite:///{data_dir / 'cairn.sqlite3'}"
    for name, check in VALIDATORS.items():
        try:
            values[name] = check(str(values[name]))
        except ValueError as error:
            raise ConfigError(f"{PREFIX}{name} {error}") from None
    if values["SMTP_URL"] and not (values["MAIL_FROM"] and values["BASE_URL"]):
        raise ConfigError(
            "ROADMAP_SMTP_URL needs ROADMAP_MAIL_FROM and ROADMAP_BASE_URL as well: mails say who "
            "sends them, and their links where Cairn is."
        )
    secure = str(values["BASE_URL"]).startswith("https://")
    return {
        **values,
        "ROOT": ROOT,
        "DATA_DIR": data_dir,
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 200,
        "WTF_CSRF_TIME_LIMIT": None,
        "SESSION_COOKIE_NAME": SECURE_COOKIE_NAME if secure else COOKIE_NAME,
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 7 * 24 * 3600,
        # The session's row limits its lifetime, so the cookie need not be sent again.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "PASSWORD_TIME_COST": values.get("PASSWORD_TIME_COST", 2),
        "PASSWORD_MEMORY_KIB": values.get("PASSWORD_MEMORY_KIB", 64 * 1024),
    }


def main() -> None:
    """Check the settings; print what is wrong in one line and exit with status 1."""
    try:
        build_config()
    except ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
