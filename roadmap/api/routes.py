"""The REST API: each route to its operation, and the description of them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, render_template, request

from roadmap.api.blueprint import BASE, api
from roadmap.api.route_table import ROUTES, Route, operation_of
from roadmap.auth.sessions import csrf
from roadmap.core.limiter import limiter
from roadmap.core.proxy import client_address
from roadmap.people.permissions import permit

__all__ = ["api"]

# What a script may ask for; per process, so that one that runs wild does not starve the pages.
DEFAULT_RATE_LIMIT = "600/minute"
# An export takes as much work as many answers, see the page of exports.
RATE_LIMITS = {"export_portfolio": "30/minute"}


def _rate_limit_key() -> str:
    """A token's requests are counted by themselves; public ones by their address."""
    token = g.get("token")
    return f"token:{token.id}" if token is not None else f"address:{client_address()}"


def _make_view(route: Route) -> Callable[..., Response]:
    def view(**values: Any) -> Response:
        return operation_of(route)(**values)

    # Flask-Limiter counts by the name of a function.
    view.__name__ = view.__qualname__ = route.name
    permitted = permit(route.permission)(view)
    limit = RATE_LIMITS.get(route.name, DEFAULT_RATE_LIMIT)
    limited: Callable[..., Response] = limiter.limit(limit, key_func=_rate_limit_key)(permitted)
    return limited


for _route in ROUTES:
    api.add_url_rule(
        BASE + _route.rule,
        endpoint=_route.name,
        view_func=_make_view(_route),
        methods=[_route.method],
        provide_automatic_options=False,
    )


@api.get(f"{BASE}/openapi.json", provide_automatic_options=False)
@permit("public")
@limiter.limit(DEFAULT_RATE_LIMIT, key_func=_rate_limit_key)
def openapi() -> Response:
    """The description of the API, OpenAPI 3.1."""
    from roadmap.api.openapi import openapi_json

    response = Response(openapi_json(), mimetype="application/json")
    # Open to anyone, and the same until the next release.
    response.cache_control.public = True
    response.cache_control.max_age = 300
    response.add_etag()
    response.make_conditional(request)
    return response


@api.get(f"{BASE}/docs", provide_automatic_options=False)
@permit("public")
@limiter.limit(DEFAULT_RATE_LIMIT, key_func=_rate_limit_key)
def docs() -> Response:
    """The same to be read by people."""
    from roadmap.api.docs_page import chapters

    page = render_template("api/docs.html", chapters=chapters(), base=BASE, bare=True)
    return make_response(page)


# Whoever sends a token sends no cookie that another site could borrow.
csrf.exempt(api)
