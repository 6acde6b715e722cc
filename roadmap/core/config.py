"""Settings from environment variables, each with a default and a validator."""

from __future__ import annotations

import difflib
import hashlib
import io
import os
import pwd
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import click
import sqlalchemy as sa
from werkzeug.sansio.utils import get_host

from roadmap.core.outbound import parse_hosts, parse_site
from roadmap.core.text import LOOPBACK, ascii_domain, split_url
from roadmap.core.uploads import MAX_BODY_BYTES, MAX_PARTS

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ROADMAP_"
VERSION = "0.1.0"
ADDRESS_FILE = "address"
PUBLIC_GITHUB = "https://api.github.com"
PUBLIC_GITLAB = "https://gitlab.com"
PUBLIC_ORCID = "https://pub.orcid.org"
KEY_FILE = "secret-key"
DATABASE_FILE = "cairn.sqlite3"
MAX_FILE_BYTES = 100_000
MAX_SETTING_LENGTH = 2000


class ConfigError(click.ClickException):
    """Settings are missing or invalid. The message has one line per setting with its fix."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server configured by `ROADMAP_SMTP_URL`."""

    host: str
    port: int
    tls: str  # "always" is implicit TLS; "must" and "may" use STARTTLS
    user: str = ""
    password: str = ""


# A validator returns the setting's value or raises ValueError. Its message continues a sentence
# that starts with the setting's name. It must not repeat the value, which may contain a password.


def choice(one: str, other: str) -> Callable[[str], str]:
    """Return a validator that accepts one of two words."""

    def validate(text: str) -> str:
        if text not in (one, other):
            raise ValueError(f"must be '{one}' or '{other}'.")
        return text

    return validate


def whole_number(maximum: int, unit: str = "") -> Callable[[str], int]:
    """Return a validator for whole numbers from 0 to `maximum`, which must be all nines."""

    def validate(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(maximum))):
            raise ValueError(f"must be a whole number{unit} from 0 to {maximum}.")
        return int(text)

    return validate


def validate_base_url(text: str) -> str:
    """Return Cairn's public URL in the form of an `Origin` header, or ""."""
    if not text:
        return ""
    parts = split_url(text)
    is_web = parts and parts.scheme in ("http", "https") and parts.username is None
    if not parts or not is_web or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must look like https://cairn.example.org, without a path.")
    name, colon, port = parts.netloc.partition(":")
    host = get_host(parts.scheme, ascii_domain(name) + colon + port)
    if not host:
        raise ValueError("names an invalid host.")
    return f"{parts.scheme}://{host}"


def validate_mail_from(text: str) -> str:
    """Return the sender address, with or without a display name, or ""."""
    if not text:
        return ""
    # Imported late, because only installations with mail need it.
    from email.headerregistry import Address
    from email.message import EmailMessage

    message = EmailMessage()
    try:
        message["From"] = text
        header: Any = message["From"]
        [found] = header.addresses
        sender = Address(found.display_name, found.username, ascii_domain(found.domain))
        usable = sender.username and sender.domain and sender.addr_spec.isascii()
        usable = usable and not header.defects
    # The parser raises IndexError for an empty address, RecursionError for nested comments.
    except (ValueError, IndexError, RecursionError):
        usable = False
    if not usable:
        raise ValueError("must look like Cairn <cairn@example.org>.")
    return str(sender)


def parse_smtp_url(url: str) -> MailServer:
    """Parse `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`.

    Plain `smtp://` uses STARTTLS if the server offers it, and requires it before sending a
    password to another machine.
    """
    schemes = {"smtp": ("may", 25), "smtp+starttls": ("must", 587), "smtps": ("always", 465)}
    parts = split_url(url)
    if parts is None or parts.scheme not in schemes:
        raise ValueError("must look like smtp+starttls://user:password@host:587.")
    tls, usual_port = schemes[parts.scheme]
    host, user = parts.hostname or "", unquote(parts.username or "")
    is_remote = host not in LOOPBACK
    if parse_qs(parts.query).get("starttls") == ["1"] or (tls == "may" and user and is_remote):
        tls = "must"
    return MailServer(host, parts.port or usual_port, tls, user, unquote(parts.password or ""))


def validate_smtp_url(text: str) -> str:
    if text:
        parse_smtp_url(text)
    return text


def validate_database_url(text: str) -> str:
    """Return a SQLite or PostgreSQL URL unchanged. The URL may include the driver's name."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        url = sa.URL.create("none")
    # Reject in-memory databases, which are empty for each connection, and SQLite's file URIs.
    is_path = url.database and not url.database.startswith((":", "file:"))
    is_sqlite = url.drivername in ("sqlite", "sqlite+pysqlite") and not url.host and is_path
    if not is_sqlite and url.drivername not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise ValueError(
            "must look like sqlite:////absolute/path or postgresql://user:password@host/database."
        )
    if "@" in (url.host or ""):
        raise ValueError("has an `@` in the user's name or password: write it as %40.")
    if not (url.host or url.database or url.query):
        raise ValueError("names neither a host nor a database.")
    return text


def validate_token(text: str) -> str:
    """Return a token that is valid in an HTTP header, or ""."""
    if not re.fullmatch(r"[!-~]{0,500}", text):
        raise ValueError(
            "must be a single word of letters, digits and symbols, as the host shows it."
        )
    return text


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's default, None if `build_config` computes it, and its validator."""

    default: str | None
    parse: Callable[[str], object] = str


SETTINGS = {
    "SECRET_KEY": Setting(None),
    "DATABASE_URL": Setting(None, validate_database_url),
    "DATA_DIR": Setting(None),
    "BASE_URL": Setting("", validate_base_url),
    "SIGNUP": Setting("open", choice("open", "invite")),
    "SMTP_URL": Setting("", validate_smtp_url),
    "MAIL_FROM": Setting("", validate_mail_from),
    "TRUSTED_PROXIES": Setting("0", whole_number(99)),
    "AUDIT_DAYS": Setting("365", whole_number(99_999, " of days")),
    "ADDRESS_DAYS": Setting("90", whole_number(99_999, " of days")),
    "SESSION_DAYS": Setting("7", whole_number(99_999, " of days")),
    "CALENDAR_HOSTS": Setting("", parse_hosts),
    "REVIEW_BY_TOKEN": Setting("off", lambda text: choice("on", "off")(text) == "on"),
    "GITHUB_API_URL": Setting(PUBLIC_GITHUB, lambda text: parse_site(text, PUBLIC_GITHUB)),
    "GITHUB_TOKEN": Setting("", validate_token),
    "GITLAB_URL": Setting(PUBLIC_GITLAB, lambda text: parse_site(text, PUBLIC_GITLAB)),
    "GITLAB_TOKEN": Setting("", validate_token),
    "ORCID_URL": Setting(PUBLIC_ORCID, lambda text: parse_site(text, PUBLIC_ORCID)),
    "FILE_QUOTA_MB": Setting("500", whole_number(999_999, " of megabytes")),
}
DEFAULTS = {name: setting.default for name, setting in SETTINGS.items()}


def read_environment() -> dict[str, str]:
    """Return settings from the environment and `.env`, without empty ones."""
    load_env_file(ROOT / ".env")
    return _pick_settings(os.environ)


def _pick_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name in SETTINGS if (value := environment.get(PREFIX + name))}


def resolve_data_folder(name: str | None) -> Path:
    """Return the absolute path of the data folder, by default `instance` next to the code."""
    return (ROOT / (name or "instance")).resolve()


def store_base_url(host: str, port: int, data_dir: Path | None = None) -> str:
    """Store the server's URL for the links that commands print, and return it."""
    folder = data_dir or resolve_data_folder(read_environment().get("DATA_DIR"))
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    ensure_private_file(ensure_data_folder(folder) / ADDRESS_FILE).write_text(
        f"{address}\n", "utf-8"
    )
    return address


def read_base_url(data_dir: Path) -> str:
    """Return the last known URL of this data folder's server."""
    try:
        return _read_file(data_dir / ADDRESS_FILE).strip()
    except (OSError, ValueError):
        return "http://127.0.0.1:8000"


def ensure_private_folder(path: Path) -> Path:
    """Create the folder with mode 700 if it is missing. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def ensure_data_folder(path: Path) -> Path:
    """Create the data folder, accessible to its owner only. Raises ConfigError."""
    reason = "this user may not write there"
    try:
        ensure_private_folder(path)
        is_usable = os.access(path, os.W_OK | os.X_OK)
    except OSError as error:
        is_usable, reason = False, (error.strerror or "").lower()
    if not is_usable:
        raise ConfigError(f"ROADMAP_DATA_DIR: the folder {path} cannot be used: {reason}.")
    return path


def read_secret_key(folder: Path) -> str:
    """Return the key that `make run` stored in the data folder, or "". Raises ConfigError."""
    path = folder / KEY_FILE
    try:
        key = _read_file(path, "ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise ConfigError(
            f"The secret key {path} cannot be read: {(error.strerror or '').lower()}. "
            "Run this as the user of the server, or set ROADMAP_SECRET_KEY."
        ) from None
    except ValueError:
        key = ""
    if not key:
        raise ConfigError(
            f"The file {path} contains no secret key: restore yours, set ROADMAP_SECRET_KEY, or "
            "delete the file and let `make run` create a new one."
        )
    return key


def ensure_private_file(path: Path) -> Path:
    """Create an empty file with mode 600 if it is missing. Raises OSError.

    SQLite treats an empty file as a new database and gives its WAL files the same mode.
    """
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return path


def _read_file(path: Path, encoding: str = "utf-8") -> str:
    """Return the text of a small file. Raises OSError, or ValueError for unsuitable content."""
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {MAX_FILE_BYTES:,} bytes.")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8.") from None


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # user without a passwd entry, as in a container
        return f"user {os.geteuid()}"


def _suggested_user(path: Path) -> str:
    """Return the user to suggest for reading a file: its owner, or its group if root owns it."""
    try:
        return path.owner() if path.owner() != "root" else path.group()
    except (KeyError, OSError):
        return "cairn"


def load_env_file(path: Path) -> None:
    """Load the file's settings into the environment, without overriding variables.

    Raises ConfigError. For malformed lines, the error also lists invalid settings.
    """
    try:
        text = _read_file(path)
    except FileNotFoundError:
        return
    except ValueError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except PermissionError:
        raise ConfigError(
            f"{path} cannot be read by {_user_name()}: permission denied. Run this as the user of "
            f"the server, as in `sudo -u {_suggested_user(path)} …`."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    # Imported late, because most installations have no `.env`.
    from dotenv import load_dotenv
    from dotenv.parser import parse_stream

    given: dict[str, str] = {}
    malformed = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            # The parser includes the blank lines before the malformed line.
            read = binding.original.string
            blank_lines = read[: len(read) - len(read.lstrip())].count("\n")
            line = binding.original.line + blank_lines
            malformed.append(f"{path}, line {line}: this does not have the form NAME=value.")
        elif binding.key is not None:
            given[binding.key] = binding.value or ""
    if malformed:
        values = {**DEFAULTS, **_pick_settings({**given, **os.environ})}
        faults = _check_settings(values, resolve_data_folder(values["DATA_DIR"]))
        if not values["SECRET_KEY"]:
            faults.pop("SECRET_KEY", None)  # The malformed line may set it.
        raise ConfigError("\n".join([*malformed, *faults.values()]))
    load_dotenv(stream=io.StringIO(text))


def find_unknown_settings() -> list[str]:
    """Return a warning for each environment variable that looks like a mistyped setting."""
    names = {PREFIX + name for name in SETTINGS}
    lines = []
    for name in sorted(os.environ):
        # Setting names are upper case, so a lower-case name is a mistake too.
        if name.upper().startswith(PREFIX) and name not in names:
            near = difflib.get_close_matches(name.upper(), sorted(names), 1)
            question = f"; did you mean {near[0]}?" if near else ""
            lines.append(f"{name} is not a setting of Cairn{question}")
    return lines


def build_config(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Merge defaults, environment and `overrides`, later ones winning, into Flask's configuration.

    Raises ConfigError with one line per missing or invalid setting.
    """
    values: dict[str, Any] = {**DEFAULTS, **read_environment(), **(overrides or {})}
    data_dir = resolve_data_folder(values["DATA_DIR"])
    if faults := _check_settings(values, data_dir):
        raise ConfigError("\n".join(faults.values()))
    secure = str(values["BASE_URL"]).startswith("https://")
    # All ports of a host share cookies. The name depends on the key, so that two installations
    # on one host do not overwrite each other's cookies.
    key = values["SECRET_KEY"].encode()
    suffix = hashlib.blake2b(key, digest_size=4, person=b"cookie").hexdigest()
    return {
        **values,
        "ROOT": ROOT,
        "DATA_DIR": data_dir,
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": MAX_PARTS,
        "WTF_CSRF_TIME_LIMIT": None,
        # Browsers and proxies may omit the Referer, so `auth.sessions` checks Origin too.
        "WTF_CSRF_SSL_STRICT": False,
        "SESSION_COOKIE_NAME": f"cairn-{suffix}",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 7 * 24 * 3600,
        # The session's database row limits its lifetime, so the cookie need not be renewed.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "PASSWORD_TIME_COST": values.get("PASSWORD_TIME_COST", 2),
        "PASSWORD_MEMORY_KIB": values.get("PASSWORD_MEMORY_KIB", 64 * 1024),
    }


def _check_settings(values: dict[str, Any], data_dir: Path) -> dict[str, str]:
    """Parse the settings in place. Return an error message per invalid setting."""
    if too_long := [name for name in SETTINGS if len(str(values[name])) > MAX_SETTING_LENGTH]:
        maximum = f"is longer than {MAX_SETTING_LENGTH:,} characters."
        return {name: f"{PREFIX}{name} {maximum}" for name in too_long}
    faults: dict[str, str] = {}
    try:
        _check_user(data_dir, KEY_FILE, DATABASE_FILE)
        values["SECRET_KEY"] = _find_secret_key(values["SECRET_KEY"], data_dir)
    except ConfigError as error:
        faults["SECRET_KEY"] = str(error)
    if not values["DATABASE_URL"]:
        values["DATABASE_URL"] = f"sqlite:///{data_dir / DATABASE_FILE}"
    for name, setting in SETTINGS.items():
        try:
            if values[name] is not None:
                values[name] = setting.parse(str(values[name]))
            if name == "DATABASE_URL":
                _check_database_path(values[name], data_dir)
        except ConfigError as error:
            faults[name] = str(error)
        except ValueError as error:
            faults[name] = f"{PREFIX}{name} {error}"
    if values["SMTP_URL"] and not (values["MAIL_FROM"] and values["BASE_URL"]):
        faults.setdefault(
            "SMTP_URL",
            "ROADMAP_SMTP_URL needs ROADMAP_MAIL_FROM and ROADMAP_BASE_URL as well: mails say who "
            "sends them, and their links where Cairn is.",
        )
    return faults


def _check_user(folder: Path, *names: str) -> None:
    """Raise ConfigError for root if files, or a folder without them, are another user's.

    That user could not use the files that root creates.
    """
    for path in [path for name in names if (path := folder / name).exists()] or [folder]:
        owner = path.stat().st_uid if path.exists() else 0
        if owner != 0 and os.geteuid() == 0:
            raise ConfigError(
                f"{path} belongs to another user than root (uid {owner}). Run this as that user, "
                f"such as by `sudo -u '#{owner}' …`: it could not use the files that root creates."
            )


def _find_secret_key(key: str | None, data_dir: Path) -> str:
    """Return the configured key, or the data folder's. Raises ConfigError."""
    key = key or read_secret_key(data_dir)
    if not key:
        found = (
            f"the folder {data_dir} has none"
            if data_dir.is_dir()
            else f"{data_dir} is not a folder"
        )
        raise ConfigError(
            f"ROADMAP_SECRET_KEY is not set, and {found}. Where Cairn ran before, put its key back "
            "or correct ROADMAP_DATA_DIR: a new key signs everyone out. For a new Cairn "
            "`make run` creates one; elsewhere set it to the output of: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    if len(key) < 16:
        raise ConfigError("ROADMAP_SECRET_KEY is too short: use at least 16 characters.")
    return key


def _check_database_path(database_url: str, data_dir: Path) -> None:
    """Raise ValueError for an invalid SQLite path, which would start an empty database.

    Raises ConfigError for root if it is another user's.
    """
    url = sa.make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return
    path = ROOT / (url.database or "")
    folder = path.parent
    if folder != data_dir and not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(
            f"names {path}, but there is no folder {folder} that this user may write to."
        )
    if os.access(folder, os.X_OK) and path.is_dir():
        raise ValueError(f"names {path}, but that is a folder.")
    if folder != data_dir:
        _check_user(folder, path.name)


def check_settings(host: str, port: int) -> None:
    """Check the settings and store the server's URL.

    Exits with status 1 and one line per invalid setting.
    """
    try:
        store_base_url(host, port, build_config()["DATA_DIR"])
    except ConfigError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.strerror or error}: {error.filename}")
