"""Register the routes of the REST API, of its description, and of MCP.

Handlers are imported by the first request, because their models take time and memory to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request

from roadmap.api.route_table import BASE, ROUTES, Route
from roadmap.auth.sessions import csrf
from roadmap.core.limiter import limiter
from roadmap.core.problems import MCP_PATH
from roadmap.core.proxy import client_address
from roadmap.people.permissions import permit

api = Blueprint("api", __name__, url_prefix=BASE)
mcp = Blueprint("mcp", __name__)
# Requests with a token carry no cookie that another site could use.
csrf.exempt(api)
csrf.exempt(mcp)
# Per process, so that a runaway script does not starve the pages.
DEFAULT_RATE_LIMIT = "600/minute"
# Exports are much more expensive than other requests.
RATE_LIMITS = {"export_portfolio": "30/minute", "download_archive": "10/minute"}


def rate_limit_key() -> str:
    """Return the rate limit key: the token, or the client address of a public request."""
    token_id = g.get("token_id")
    return f"token:{token_id}" if token_id else f"address:{client_address()}"


def _make_view(route: Route) -> Callable[..., Response]:
    def view(**values: Any) -> Response:
        return route.load_operation()(**values)

    # Flask-Limiter counts by function name.
    view.__name__ = view.__qualname__ = route.name
    limit = RATE_LIMITS.get(route.name, DEFAULT_RATE_LIMIT)
    limited: Callable[..., Response] = limiter.limit(limit, key_func=rate_limit_key)(
        permit(route.permission)(view)
    )
    return limited


for _route in ROUTES:
    api.add_url_rule(
        _route.rule,
        endpoint=_route.name,
        view_func=_make_view(_route),
        methods=[_route.method],
        provide_automatic_options=False,
    )


@api.get("/openapi.json", provide_automatic_options=False)
@permit("public")
@limiter.limit(DEFAULT_RATE_LIMIT, key_func=rate_limit_key)
def openapi() -> Response:
    """Return the OpenAPI 3.1 description of the API."""
    from roadmap.api.openapi import openapi_json

    response = Response(openapi_json(), mimetype="application/json")
    # Public, and unchanged until the next release.
    response.cache_control.public = True
    response.cache_control.max_age = 300
    response.add_etag()
    response.make_conditional(request)
    return response


@api.get("/docs", provide_automatic_options=False)
@permit("public")
@limiter.limit(DEFAULT_RATE_LIMIT, key_func=rate_limit_key)
def docs() -> Response:
    """Render the API documentation page."""
    from roadmap.api.docs_page import operations_by_tag

    page = render_template(
        "api/docs.html", operations_by_tag=operations_by_tag(), base=BASE, bare=True
    )
    return make_response(page)


@mcp.post(MCP_PATH, provide_automatic_options=False)
@permit("mcp.call")
@limiter.limit(DEFAULT_RATE_LIMIT, key_func=rate_limit_key)
def exchange() -> Response:
    """Answer a Model Context Protocol message, authenticated by a personal token."""
    from roadmap.api.mcp import handle_message

    return handle_message()
