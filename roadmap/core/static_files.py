"""Static files: URLs with a digest, and the bundled style sheet and script.

Each component has a file in `static/css`. Each process bundles styles and scripts once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, current_app, request
from rcssmin import cssmin
from rjsmin import jsmin
from werkzeug.wrappers import Response as BaseResponse

STYLE_SHEET = "css/styles.css"
SCRIPT = "scripts.js"
HTMX = "vendor/htmx.min.js"
SCRIPTS = ("app.js", "drafts.js", "keys.js", "palette.js")
# Base styles come first. The other files do not depend on each other and are sorted by name.
FIRST_STYLES = ("tokens", "base", "layout")
OAT = "vendor/oat.min.css"

# Oat's styles for components that no page uses, a tenth of all styles.
_UNUSED_STYLES = re.compile(
    r"@layer (?:utilities\{|components\{(?:figure\[|menu\.buttons|fieldset\.group|\[aria-busy|"
    r":root\{--grid-cols|\[role=tablist\]|dialog\{|ot-dropdown|\.toast-container|\[data-sidebar|"
    r"\[role=status\]\.skeleton|\[data-tooltip\])).*?(?=@layer|\Z)",
    re.DOTALL,
)
# A CSS block with up to three levels of nested rules.
_BLOCK = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"
# Its rules that no page uses, and its colors, which `tokens.css` replaces.
_UNUSED_RULES = re.compile(
    r"(?:\.animate-[\w-]+|&\[data-variant[^{}]*|&\[role=switch\]|meter|progress|\.card|"
    r"&\.(?:outline|ghost|large|icon)|&:is\(\.outline,\.ghost\)|input\[type=range\])"
    + _BLOCK
    + r"|--background: light-dark.*?--ring:[^;]*;"
)
_ICON = re.compile(r'url\("\.\./(icons/[\w-]+\.svg)"\)')


def init_static_files(app: Flask) -> None:
    app.jinja_env.globals.update(static_url=static_url)
    app.view_functions["static"] = send_static


def send_static(filename: str) -> BaseResponse:
    """Send a static file or a bundle, which exists in memory only."""
    if filename not in (STYLE_SHEET, SCRIPT):
        return current_app.send_static_file(filename)
    text = _content(filename)
    response = Response(text, mimetype="text/css" if filename == STYLE_SHEET else "text/javascript")
    response.set_etag(digest(text))
    return response.make_conditional(request)


def static_url(name: str) -> str:
    """Return the URL of a static file with a digest of its content."""
    known: dict[str, str] = current_app.extensions.setdefault("static_urls", {})
    if name not in known or current_app.debug:
        known[name] = f"/static/{name}?v={digest(_content(name))}"
    return known[name]


def _content(name: str) -> bytes:
    """Return a file's content. In debug mode, bundles are rebuilt on every call."""
    join = {STYLE_SHEET: join_styles, SCRIPT: join_scripts}.get(name)
    if join is None:
        return (_folder() / name).read_bytes()
    return join(_folder()) if current_app.debug else _cached_bundle(join, _folder())


def join_scripts(folder: Path) -> bytes:
    """Bundle htmx and our own scripts, the latter minified."""
    ours = "\n".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return (folder / HTMX).read_bytes() + b"\n" + jsmin(ours).encode()


def join_styles(folder: Path) -> bytes:
    """Bundle and minify the style sheets, with icons inlined.

    Comments that begin with an exclamation mark are licences and are kept.
    """
    ours = {path.stem: path for path in sorted((folder / "css").glob("*.css"))}
    first = [ours.pop(name) for name in FIRST_STYLES]
    oat = _UNUSED_STYLES.sub("", (folder / OAT).read_text(encoding="utf-8"))
    oat = _UNUSED_RULES.sub("", oat)
    text = "\n".join([oat, *map(_with_icons, (*first, *ours.values()))])
    return cssmin(text, keep_bang_comments=True).encode()


def _with_icons(path: Path) -> str:
    """Return a style sheet with icons as data URLs, which saves eight requests."""

    def data_url(found: re.Match[str]) -> str:
        icon = (path.parent.parent / found[1]).read_text("utf-8").strip()
        return f'url("data:image/svg+xml,{quote(icon, safe=" =:/,()-.")}")'

    return _ICON.sub(data_url, path.read_text(encoding="utf-8"))


@lru_cache(maxsize=2)
def _cached_bundle(join: Callable[[Path], bytes], folder: Path) -> bytes:
    return join(folder)


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def _folder() -> Path:
    return Path(current_app.static_folder or "")
