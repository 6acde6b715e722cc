"""The application factory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from flask import Flask
from werkzeug.local import LocalProxy
from werkzeug.utils import import_string

from roadmap.core import config
from roadmap.core.templating import TemplateEnvironment, store_compiled_templates, unbroken

# Functions that set up the infrastructure. Their order is that of the handlers they register.
EXTENSIONS = (
    "core.logs:init_logs",
    "core.database:init_database",
    "core.file_store:init_file_store",
    "core.retries:init_retries",
    "core.compression:init_compression",
    "core.static_files:init_static_files",
    "core.web:init_web",
    "core.headers:init_headers",
    "core.proxy:init_proxy",
    "core.errors:init_errors",
    "core.i18n:init_i18n",
    "core.maintenance:init_maintenance",
    "auth.api_tokens:init_bearer",
    "auth.sessions:init_sessions",
    "core.limiter:init_limiter",
    "core.routes_health:init_health",
)
# In the order of the layers, lowest first.
BLUEPRINTS = (
    "auth.routes:auth",
    "account.routes:account",
    "invitations.routes:invitations",
    "career.routes:career",
    "market.routes:market",
    "tools.routes:tools",
    "career_plans.routes:career_plans",
    "practice.routes:practice",
    "practice.routes_attempts:practice_attempts",
    "practice.routes_peer:peer_links",
    "time_budget.routes:time_budget",
    "time_budget.routes_calendar:time_calendar",
    "evidence.routes:evidence",
    "endorsements.routes:witnesses",
    "skills.routes:skills",
    "credentials.routes:credentials",
    "work_log.routes:work_log",
    "activity.routes:activity",
    "importers.routes:importers",
    "forecast.routes:forecast",
    "readiness.routes:readiness",
    "momentum.routes:momentum",
    "journey.routes:journey",
    "sources.routes:sources",
    "calendar.routes:calendar",
    "badges.routes:badges",
    "badges.routes_public:public_badges",
    "portfolio.routes:portfolio",
    "teams.routes:teams",
    "reviews.routes:reviews",
    "admin.routes:admin",
    "erasure.routes:erasure",
    "notifications.routes:notifications",
    "dashboard.routes:dashboard",
    "search.routes:search",
    "archive.routes:archives",
    "api.routes:api",
    "api.routes:mcp",
)

# Modules that connect to the signals and registries of the layers below them.
LISTENERS = (
    "auth.listeners",
    "invitations.listeners",
    "progress.actor_column",
    "readiness.listeners",
    "journey.unticked_milestones",
    "badges.listeners",
    "portfolio.links",
    "notifications.listeners",
    "jobs.wakeup",
)


class Cairn(Flask):
    """Flask with Cairn's templates and without coroutine views."""

    jinja_environment = TemplateEnvironment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself. Flask asks 16 times a request whether it is a coroutine."""
        return func


def create_app(overrides: Mapping[str, Any] | None = None, *, with_commands: bool = True) -> Flask:
    """Create an application from the environment's settings and `overrides` (for tests).

    Workers omit the commands to save the memory of these and Alembic.
    Raises ConfigError for a missing or invalid setting, and RuntimeError for a route that declares
    no permission.
    """
    app = Cairn(
        "roadmap",
        root_path=str(config.ROOT / "roadmap"),
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
        static_url_path="/static",
    )
    app.config.from_mapping(config.build_config(overrides))
    models()
    extensions(app)
    blueprints(app)
    listeners()
    if with_commands:
        commands(app)
    check_permissions(app)
    return app


def models() -> None:
    """Import all models, including those that pages import late.

    Backups, archives and account erasure iterate over all tables.
    """
    for path in sorted((config.ROOT / "roadmap").glob("*/models.py")):
        import_module(f"roadmap.{path.parent.name}.models")


def extensions(app: Flask) -> None:
    """Set up the infrastructure for all packages."""
    from roadmap.core.markdown import to_html_on_page
    from roadmap.people.labels import reviewer_label
    from roadmap.people.roles import IN_MATRIX, ROLES, VIEWERS

    for name in EXTENSIONS:
        import_string(f"roadmap.{name}")(app)
    app.jinja_env.filters.update(markdown=to_html_on_page, unbroken=unbroken)
    app.jinja_env.globals.update(
        ROLES=ROLES,
        VIEWERS=VIEWERS,
        IN_MATRIX=IN_MATRIX,
        reviewer_label=reviewer_label,
        # A proxy, so that these macros are compiled with the first page and not at start.
        ui=LocalProxy(lambda: app.jinja_env.get_template("_ui.html").module),
    )
    store_compiled_templates(app)


def blueprints(app: Flask) -> None:
    """Register all blueprints."""
    for name in BLUEPRINTS:
        app.register_blueprint(import_string(f"roadmap.{name}"))


def listeners() -> None:
    """Import what reacts to changes in lower layers, or adds to their queries."""
    for name in LISTENERS:
        import_module(f"roadmap.{name}")


def commands(app: Flask) -> None:
    """Register the command-line interface."""
    from roadmap.cli.command_groups import add_commands
    from roadmap.core.migrations import init_migrations

    init_migrations(app)
    add_commands(app)


def check_permissions(app: Flask) -> None:
    """Raise RuntimeError for a route that declares no permission."""
    from roadmap.people.permissions import check_url_map

    check_url_map(app)
