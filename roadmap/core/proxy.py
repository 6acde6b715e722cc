"""Forwarded addresses are believed only from as many proxies as the operator configured."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix


def init_proxy(app: Flask) -> None:
    count: int = app.config["TRUSTED_PROXIES"]
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def client_address() -> str:
    """The address that the request came from, as far as it can be believed."""
    return (request.remote_addr or "")[:64]
