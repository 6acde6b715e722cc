"""Addresses behind proxies: whose forwarded ones to trust, and which one is Cairn's own."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, has_request_context, request
from werkzeug.middleware.proxy_fix import ProxyFix

from roadmap.core.config import read_address


def init_proxy(app: Flask) -> None:
    app.jinja_env.globals["public_address"] = public_address
    count: int = app.config["TRUSTED_PROXIES"]
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def is_over_tls() -> bool:
    """Return whether the public address, or this request, uses TLS."""
    return bool(current_app.config["SESSION_COOKIE_SECURE"] or request.is_secure)


def client_address() -> str:
    """Return the address of the client, as far as the proxies are trusted."""
    return (request.remote_addr or "")[:64]


def public_address() -> str:
    """Return the address of links to Cairn, without a slash at its end."""
    base = current_app.config["BASE_URL"]
    if not base and not has_request_context():
        return read_address(current_app.config["DATA_DIR"])
    return origin_of(base or request.host_url)


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL; "" for one that has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def is_own_address(url: str) -> bool:
    """Return whether a URL is of this Cairn: of `ROADMAP_BASE_URL`, or of the requested host.

    The host is also ours with `https`: a proxy may speak TLS for us and not say so.
    """
    own = {f"{scheme}://{request.host}" for scheme in (request.scheme, "https")}
    return origin_of(url) in own | {origin_of(current_app.config["BASE_URL"])} - {""}


def sending_page() -> str:
    """Return the address from which the browser says that a form came; "" where it does not say."""
    origin = request.headers.get("Origin", "null")
    # Without a referrer policy that shows it, browsers call the origin "null".
    return (request.referrer or "") if origin == "null" else origin
