"""The endpoint of agents, `/mcp`: the Model Context Protocol by personal tokens.

What answers is imported with the first request: the shapes of the protocol take 17 MiB.
"""

from __future__ import annotations

from flask import Blueprint, Response

from roadmap.api.routes import DEFAULT_RATE_LIMIT, rate_limit_key
from roadmap.auth.sessions import csrf
from roadmap.core.limiter import limiter
from roadmap.core.problems import MCP_PATH
from roadmap.people.permissions import permit

mcp = Blueprint("mcp", __name__)
# As for the API: no cookie counts here.
csrf.exempt(mcp)


@mcp.post(MCP_PATH, provide_automatic_options=False)
@permit("mcp.call")
@limiter.limit(DEFAULT_RATE_LIMIT, key_func=rate_limit_key)
def exchange() -> Response:
    """Answer one message of an agent."""
    from roadmap.api.mcp import answer_message

    return answer_message()
