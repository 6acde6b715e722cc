"""Trust forwarded addresses from as many proxies as the operator configured."""

from __future__ import annotations

from flask import Flask, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix


def init_proxy(app: Flask) -> None:
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
