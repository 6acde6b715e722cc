"""The application factory."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from flask import Flask
from werkzeug.local import LocalProxy
from werkzeug.utils import import_string

from roadmap.core import config
from roadmap.core.templating import TemplateEnvironment, store_compiled_templates

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


def create_app(overrides: Mapping[str, Any] | None = None, *, with_commands: bool = True) -> Flask:
    """Create an application from the environment's settings and `overrides` (for tests).

    Workers omit the commands to save the memory of these and Alembic.
    Raises ConfigError for a missing or invalid setting, and RuntimeError for a route that declares
    no permission.
    """
    app = Flask(
        "roadmap",
        root_path=str(config.ROOT / "roadmap"),
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
        static_url_path="/static",
    )
    app.jinja_environment = TemplateEnvironment
    app.config.from_mapping(config.build_config(overrides))
    models()
    extensions(app)
    blueprints(app)
    listeners(app)
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
    from roadmap.auth.api_tokens import init_bearer
    from roadmap.auth.sessions import init_sessions
    from roadmap.core.compression import init_compression
    from roadmap.core.database import init_database
    from roadmap.core.errors import init_errors
    from roadmap.core.file_store import init_file_store
    from roadmap.core.headers import init_headers
    from roadmap.core.i18n import init_i18n
    from roadmap.core.limiter import init_limiter
    from roadmap.core.logs import init_logs
    from roadmap.core.maintenance import init_maintenance
    from roadmap.core.markdown import to_html_on_page
    from roadmap.core.proxy import init_proxy
    from roadmap.core.retries import init_retries
    from roadmap.core.routes_health import init_health
    from roadmap.core.static_files import init_static_files
    from roadmap.core.web import init_web
    from roadmap.people.labels import reviewer_label
    from roadmap.people.roles import IN_MATRIX, ROLES, VIEWERS

    init_logs(app)
    init_database(app)
    init_file_store(app)
    init_retries(app)
    init_compression(app)
    init_static_files(app)
    init_web(app)
    init_headers(app)
    init_proxy(app)
    init_errors(app)
    init_i18n(app)
    init_maintenance(app)
    init_bearer(app)
    init_sessions(app)
    init_limiter(app)
    init_health(app)
    app.jinja_env.filters["markdown"] = to_html_on_page
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


def listeners(app: Flask) -> None:
    """Connect packages to the signals of the layers below them."""
    from roadmap.auth.listeners import listen as listen_for_role_changes
    from roadmap.badges.listeners import listen as revoke_unfounded_badges
    from roadmap.invitations.listeners import listen as listen_for_deleted_teams
    from roadmap.jobs.wakeup import listen as wake_job_process
    from roadmap.journey.unticked_milestones import listen as show_unticked_milestones
    from roadmap.notifications.listeners import init_notifications
    from roadmap.portfolio.links import listen as show_public_links
    from roadmap.progress.actor_column import register as register_actor_column
    from roadmap.readiness.listeners import listen as listen_for_changed_facts

    listen_for_role_changes()
    listen_for_deleted_teams()
    listen_for_changed_facts()
    revoke_unfounded_badges()
    show_unticked_milestones()
    show_public_links()
    init_notifications(app)
    register_actor_column()
    wake_job_process()


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
