"""Register the routes of the REST API, serve their description, and the endpoint of agents.

What answers is imported with the first request: the shapes of either take long, and memory.
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
# An export costs as much as many other requests.
RATE_LIMITS = {"export_portfolio": "30/minute", "download_archive": "10/minute"}


def rate_limit_key() -> str:
    """Count requests per token, and public ones per address."""
    token = g.get("token")
    return f"token:{token.id}" if token is not None else f"address:{client_address()}"


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
    """Serve the description of the API, OpenAPI 3.1."""
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
    """Render the description as a page."""
    from roadmap.api.docs_page import chapters

    page = render_template("api/docs.html", chapters=chapters(), base=BASE, bare=True)
    return make_response(page)


@mcp.post(MCP_PATH, provide_automatic_options=False)
@permit("mcp.call")
@limiter.limit(DEFAULT_RATE_LIMIT, key_func=rate_limit_key)
def exchange() -> Response:
    """Answer one message of an agent, in the Model Context Protocol, by a personal token."""
    from roadmap.api.mcp import answer_message

    return answer_message()
