"""Every route is in the manifest and declares its permission."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from flask import Flask

from roadmap.people.permissions import PERMISSIONS, check_url_map, permission_of
from tests.support.route_manifest import CHANGES, PAGES

# Static files are served without a view.
WITHOUT_PERMISSION = {"static"}
AUTOMATIC_METHODS = {"HEAD", "OPTIONS"}

Route = tuple[str, str]


def endpoints_by_route(app: Flask) -> dict[Route, str]:
    """Return each method and rule of the URL map, with its endpoint."""
    return {
        (method, rule.rule): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - AUTOMATIC_METHODS
        if rule.endpoint not in WITHOUT_PERMISSION
    }


def format_routes(rows: Iterable[Route]) -> str:
    return "\n".join(sorted(f"{method} {rule}" for method, rule in rows))


def test_every_route_is_in_the_manifest(app: Flask) -> None:
    known = {(row.method, row.rule) for row in (*PAGES, *CHANGES)}
    routes = endpoints_by_route(app).keys()
    assert not routes - known, "not in the manifest:\n" + format_routes(routes - known)
    assert not known - routes, "in the manifest but not in the application:\n" + format_routes(
        known - routes
    )


def test_every_route_declares_the_permission_of_the_manifest(app: Flask) -> None:
    routes = endpoints_by_route(app)
    wrong = [
        f"{row.method} {row.rule}: {permission_of(app, endpoint)} instead of {row.permission}"
        for row in (*PAGES, *CHANGES)
        if (endpoint := routes.get((row.method, row.rule)))
        and permission_of(app, endpoint) != row.permission
    ]
    assert not wrong, "\n".join(wrong)
    assert {row.permission for row in (*PAGES, *CHANGES)} <= PERMISSIONS.keys()


def test_manifest_url_matches_its_rule(app: Flask) -> None:
    ids = _ExampleIds()
    adapter = app.url_map.bind("localhost")
    for row in (*PAGES, *CHANGES):
        rule, _values = adapter.match(
            row.of(ids).partition("?")[0], method=row.method, return_rule=True
        )
        assert rule.rule == row.rule


class _ExampleIds(dict[str, str]):
    """Map every URL variable to an example id."""

    def __missing__(self, name: str) -> str:
        return "018f0000-0000-7000-8000-000000000000"


def test_read_permissions_are_only_for_get(app: Flask) -> None:
    wrong = [
        f"{method} {rule} by {permission}"
        for (method, rule), endpoint in endpoints_by_route(app).items()
        if (permission := permission_of(app, endpoint) or "").endswith(".read") and method != "GET"
    ]
    assert not wrong, "\n".join(wrong)


def test_route_without_permission_is_rejected_at_start() -> None:
    app = Flask(__name__)
    app.add_url_rule("/undecided", view_func=lambda: "")
    with pytest.raises(RuntimeError, match="/undecided"):
        check_url_map(app)


def test_blueprints_have_no_before_request_functions(app: Flask) -> None:
    """Flask selects them before `_method` determines the view, so a form could bypass them."""
    assert set(app.before_request_funcs) | set(app.url_value_preprocessors) <= {None}
