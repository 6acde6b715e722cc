"""The application factory. It reads as a table of contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from roadmap.core import config


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """An application made from the environment's settings and `overrides` (for tests).

    Raises ConfigError where a setting is missing or wrong, RuntimeError where a route declares no
    permission.
    """
    app = Flask(
        "roadmap",
        root_path=str(config.ROOT / "roadmap"),
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
        static_url_path="/static",
    )
    app.config.from_mapping(config.build(overrides))
    house(app)
    rooms(app)
    commands(app)
    closing(app)
    return app


def house(app: Flask) -> None:
    """What every room stands on."""
    from roadmap.accounts.bearer import init_bearer
    from roadmap.accounts.sessions import init_sessions
    from roadmap.core.compression import init_compression
    from roadmap.core.database import init_database
    from roadmap.core.errors import init_errors
    from roadmap.core.headers import init_headers
    from roadmap.core.health import init_health
    from roadmap.core.language import init_language
    from roadmap.core.limiter import init_limiter
    from roadmap.core.logs import init_logs
    from roadmap.core.proxy import init_proxy
    from roadmap.core.retries import init_retries
    from roadmap.core.web import init_web

    init_logs(app)
    init_database(app)
    init_retries(app)
    init_compression(app)
    init_web(app)
    init_headers(app)
    init_proxy(app)
    init_errors(app)
    init_language(app)
    init_bearer(app)
    init_sessions(app)
    init_limiter(app)
    init_health(app)


def rooms(app: Flask) -> None:
    """The pages, room by room, from the lowest floor to the highest."""
    from roadmap.accounts.listeners import listen as listen_for_roles
    from roadmap.accounts.views import accounts
    from roadmap.admin.views import admin
    from roadmap.api.views import api
    from roadmap.career.views import career
    from roadmap.evidence.views import evidence
    from roadmap.home.views import home
    from roadmap.journey.views import journey
    from roadmap.notify.listeners import init_notify
    from roadmap.notify.views import notify
    from roadmap.portfolio.views import portfolio
    from roadmap.readiness import listeners
    from roadmap.readiness.views import readiness
    from roadmap.reviews.views import reviews
    from roadmap.skills.views import skills
    from roadmap.teams.views import teams

    listen_for_roles()
    listeners.listen()
    init_notify(app)
    for blueprint in (
        *(accounts, career, evidence, skills, readiness, journey),
        *(portfolio, teams, reviews, admin, notify, home, api),
    ):
        app.register_blueprint(blueprint)


def commands(app: Flask) -> None:
    """What operators type."""
    from roadmap import jobs
    from roadmap.cli import backup, catalog, database, demo, people, summaries, teams, tokens
    from roadmap.cli.commands import Groups

    app.cli = Groups(app.name, app.cli.commands)
    for module in (database, backup, catalog, people, summaries, teams, tokens, demo, jobs):
        module.register(app)


def closing(app: Flask) -> None:
    """The last check: nothing is reachable that nobody decided about."""
    from roadmap.people.access import check_url_map

    check_url_map(app)
