"""The OpenAPI description and the documentation page built from it."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask

from roadmap.api.route_table import BASE, ROUTES
from roadmap.evidence.constants import DECISIONS, IMPACT_TYPES, STATES, VISIBILITIES
from roadmap.evidence.kinds import KINDS
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.progress.models import STATUSES
from tests.api.conftest import ApiClientOf


@pytest.fixture
def document(api_client_of: ApiClientOf) -> dict[str, Any]:
    response = api_client_of().get("/openapi.json")
    assert response.status_code == 200
    document: dict[str, Any] = response.get_json()
    return document


def test_every_route_is_described(document: dict[str, Any]) -> None:
    found = {
        (method.upper(), path)
        for path, entry in document["paths"].items()
        for method in entry
        if method != "parameters"
    }
    assert found == {
        (each.method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each.rule)) for each in ROUTES
    }
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": BASE}]


def test_every_operation_describes_its_responses(document: dict[str, Any]) -> None:
    for path, entry in document["paths"].items():
        for method, operation in entry.items():
            if method == "parameters":
                continue
            where = f"{method} {path}"
            assert operation["summary"], where
            statuses = set(operation["responses"])
            assert {"400", "401", "403", "404", "405", "429", "500", "503"} <= statuses, where
            assert any(status.startswith("2") for status in statuses), where
            if "requestBody" in operation:
                assert {"408", "411", "413", "415", "422"} <= statuses, where
            if any(each["name"] == "If-Match" for each in operation.get("parameters", ())):
                assert "412" in statuses, where


def test_every_reference_resolves_and_every_schema_is_used(document: dict[str, Any]) -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(each) for each in value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    found = references(document)
    for reference in found:
        part: Any = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert schemas <= found, "unused schema"
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_limits_use_json_schema_keywords(document: dict[str, Any]) -> None:
    score = document["components"]["schemas"]["ReadinessShape"]["properties"]["score"]
    assert (score["minimum"], score["maximum"]) == (0, 100)
    for schema in document["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            assert not {"ge", "gt", "le", "lt", "min_length", "max_length"} & set(field), name


def test_examples_match_their_schemas(document: dict[str, Any]) -> None:
    seen = 0
    for entry in document["paths"].values():
        for method, operation in entry.items():
            if method == "parameters" or "requestBody" not in operation:
                continue
            content = operation["requestBody"]["content"].get("application/json")
            if content is None:
                continue  # a file upload
            if not operation["requestBody"]["required"]:
                assert content["schema"] == {"$ref": "#/components/schemas/Nothing"}
                continue
            validator = jsonschema.Draft202012Validator({**document, **content["schema"]})
            validator.validate(content["example"])
            seen += 1
    assert seen == 15


def test_enums_match_the_constants(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    piece = schemas["EvidenceShape"]["properties"]
    assert set(piece["kind"]["enum"]) == set(KINDS)
    assert set(piece["visibility"]["enum"]) == set(VISIBILITIES)
    assert set(piece["review_state"]["enum"]) == set(STATES)
    assert set(schemas["ImpactBody"]["properties"]["type"]["enum"]) == set(IMPACT_TYPES)
    assert set(schemas["NewJudgement"]["properties"]["decision"]["enum"]) == set(DECISIONS)
    status = schemas["MilestoneChange"]["properties"]["status"]["enum"]
    assert set(status) == {"not_started", *STATUSES}
    chosen, _portfolio = document["paths"]["/me/portfolio"]["get"]["parameters"]
    assert chosen["schema"]["enum"] == list(FORMATS)


def test_page_and_manual_use_the_same_base_url(app: Flask) -> None:
    """Examples of one work with the variables of the other."""
    page = app.test_client().get(f"{BASE}/docs").text
    assert f"export CAIRN=http://localhost{BASE} CAIRN_TOKEN=" in page
    assert "$CAIRN/me/evidence" in page
    assert f"$CAIRN{BASE}" not in page
    manual = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")
    assert re.search(rf"^export CAIRN=\S+{BASE} CAIRN_TOKEN=", manual, re.M)


def test_examples_send_and_save_files(app: Flask) -> None:
    page = html.unescape(app.test_client().get(f"{BASE}/docs").text)
    upload = '-X POST \\\n  -F "file=@report.pdf" \\\n  $CAIRN/me/evidence/{evidence_id}/files<'
    assert upload in page
    assert "  -OJ \\\n  $CAIRN/me/archive<" in page
    assert "-OJ \\\n  $CAIRN/me/evidence<" not in page


def test_description_is_cached_for_five_minutes(api_client_of: ApiClientOf) -> None:
    first = api_client_of().get("/openapi.json")
    assert first.cache_control.public
    assert first.cache_control.max_age == 300
    again = api_client_of().get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    packed = {"Accept-Encoding": "gzip", "If-None-Match": "W/" + first.headers["ETag"]}
    assert api_client_of().get("/openapi.json", headers=packed).status_code == 304


def test_gap_and_apart_are_explained(document: dict[str, Any]) -> None:
    skill = document["components"]["schemas"]["OwnSkill"]["properties"]
    assert "to the bar" in skill["gap"]["description"]
    assert "manager" in skill["apart"]["description"]


def test_documentation_page_lists_every_operation(app: Flask, document: dict[str, Any]) -> None:
    page = app.test_client().get(f"{BASE}/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    for path, entry in document["paths"].items():
        assert BASE + path in page.text
        for method, operation in entry.items():
            if method != "parameters":
                assert operation["summary"] in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text
    assert "<script>" not in page.text


def test_startup_does_not_import_models_of_the_api() -> None:
    """The first request imports them. This process may have done so, hence a new one."""
    import subprocess
    import sys

    program = (
        "import sys; from roadmap import create_app; "
        "create_app({'SECRET_KEY': 'x' * 20, 'DATABASE_URL': 'sqlite:////nowhere.sqlite3'}); "
        "print([name for name in sys.modules if name.startswith('roadmap.api.')"
        " or name in ('pydantic', 'mcp_types')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(re.findall(r"'([\w.]+)'", run.stdout))
    assert loaded == {f"roadmap.api.{name}" for name in ("routes", "route_table")}
