"""Static files: their addresses, and the one style sheet that is joined from many.

A component has a file in `static/css`; the process joins them once, Oat first. A browser may keep
an address with a digest for a year.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, current_app, request
from werkzeug.wrappers import Response as BaseResponse

STYLE_SHEET = "css/styles.css"
# What the others build on; the rest follows by name, since components do not depend on each other.
FIRST_STYLES = ("tokens", "base", "layout")
OAT = "vendor/oat.min.css"

# A comment that begins with an exclamation mark is a licence, and stays.
_COMMENT = re.compile(r"/\*[^!].*?\*/", re.DOTALL)
# Components of Oat that no page has: a tenth of all styles.
_UNUSED = re.compile(
    r"@layer components\{(?:figure\[|menu\.buttons|fieldset\.group|\[aria-busy|:root\{--grid-cols|"
    r"\[role=tablist\]|dialog\{|ot-dropdown|\.toast-container|\[data-sidebar|\[role=status\]\.skeleton|"
    r"\[data-tooltip\]).*?(?=@layer|\Z)",
    re.DOTALL,
)
_INDENT = re.compile(r"\n\s*")
_ICON = re.compile(r'url\("\.\./(icons/[\w-]+\.svg)"\)')


def init_static_files(app: Flask) -> None:
    app.jinja_env.globals.update(static_url=static_url)
    app.view_functions["static"] = send_static


def send_static(filename: str) -> BaseResponse:
    """Send a static file, or the style sheet, which exists in memory only."""
    if filename != STYLE_SHEET:
        return current_app.send_static_file(filename)
    text = style_sheet()
    response = Response(text, mimetype="text/css")
    response.set_etag(digest(text))
    return response.make_conditional(request)


def static_url(name: str) -> str:
    """Return the address of a static file with a digest of its content."""
    known: dict[str, str] = current_app.extensions.setdefault("static_urls", {})
    if name not in known or current_app.debug:
        content = style_sheet() if name == STYLE_SHEET else (_folder() / name).read_bytes()
        known[name] = f"/static/{name}?v={digest(content)}"
    return known[name]


def style_sheet() -> bytes:
    """Return all style sheets as one; in debug mode as they are now, else as they were at first."""
    return join_styles(_folder()) if current_app.debug else _joined_once(_folder())


def join_styles(folder: Path) -> bytes:
    """Join the style sheets of a folder, without comments and indentation, with icons inside."""
    ours = {path.stem: path for path in sorted((folder / "css").glob("*.css"))}
    first = [ours.pop(name) for name in FIRST_STYLES]
    paths = (folder / OAT, *first, *ours.values())
    text = "\n".join(_COMMENT.sub("", _with_icons(path)) for path in paths)
    return _INDENT.sub("\n", _UNUSED.sub("", text)).strip().encode()


def _with_icons(path: Path) -> str:
    """Return a style sheet with its icons as data: eight requests less for 200 bytes each."""

    def data(found: re.Match[str]) -> str:
        icon = (path.parent.parent / found[1]).read_text("utf-8").strip()
        return f'url("data:image/svg+xml,{quote(icon, safe=" =:/,()-.")}")'

    return _ICON.sub(data, path.read_text(encoding="utf-8"))


_joined_once = lru_cache(maxsize=1)(join_styles)


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def _folder() -> Path:
    return Path(current_app.static_folder or "")
