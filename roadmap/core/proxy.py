"""Client addresses and Cairn's own URL behind trusted proxies."""

from __future__ import annotations

import logging
from functools import cache
from urllib.parse import urlsplit

from flask import Flask, current_app, has_request_context, request
from werkzeug.middleware.proxy_fix import ProxyFix

from roadmap.core.config import read_base_url

log = logging.getLogger(__name__)


def init_proxy(app: Flask) -> None:
    app.jinja_env.globals["public_base_url"] = public_base_url
    count: int = app.config["TRUSTED_PROXIES"]
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def is_over_tls() -> bool:
    """Return whether the public URL or this request uses TLS."""
    return bool(current_app.config["SESSION_COOKIE_SECURE"] or request.is_secure)


def client_address() -> str:
    """Return the client's IP address, taking trusted proxies into account."""
    if "X-Forwarded-For" in request.headers and not current_app.config["TRUSTED_PROXIES"]:
        log_untrusted_proxy()
    return (request.remote_addr or "")[:64]


@cache
def log_untrusted_proxy() -> None:
    """Log once that the addresses of clients may be those of a proxy.

    Only may, because any client can send the header.
    """
    log.warning("a request has X-Forwarded-For, but ROADMAP_TRUSTED_PROXIES is 0")


def public_base_url() -> str:
    """Return the base URL for links to Cairn, without a trailing slash."""
    base = current_app.config["BASE_URL"]
    if not base and not has_request_context():
        return read_base_url(current_app.config["DATA_DIR"])
    return origin_of(base or request.host_url)


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL, or "" if it has no host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def is_own_origin(url: str) -> bool:
    """Return whether a URL has the origin of `ROADMAP_BASE_URL` or of this request.

    The request's host is also accepted with `https`, because a TLS proxy may not announce itself.
    """
    own = {f"{scheme}://{request.host}" for scheme in (request.scheme, "https")}
    return origin_of(url) in own | {origin_of(current_app.config["BASE_URL"])} - {""}


def origin_or_referrer() -> str:
    """Return the Origin or else the Referer of this request, or "" if unknown."""
    origin = request.headers.get("Origin", "null")
    # Depending on the referrer policy, browsers send the origin "null".
    return (request.referrer or "") if origin == "null" else origin
