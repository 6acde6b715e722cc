"""GET /me/portfolio."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import AuditEntry
from roadmap.portfolio.formats.registry import FORMATS
from tests.support.api_client import ApiClient

PATH = "/me/portfolio"


def test_default_format_is_json_resume(alice: ApiClient) -> None:
    response = alice.get(PATH)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert json.loads(response.data)["basics"]["name"] == "Alice"


@pytest.mark.parametrize("name", FORMATS)
def test_export_in_every_format_is_audited(name: str, alice: ApiClient, session: Session) -> None:
    response = alice.get(f"{PATH}?format={name}")
    assert (response.status_code, response.mimetype) == (200, FORMATS[name].mimetype)
    assert "alice-portfolio." in response.headers["Content-Disposition"]
    entry = session.scalars(
        sa.select(AuditEntry.target).where(AuditEntry.action == "portfolio.exported")
    ).one()
    assert entry == name


def test_unknown_format_is_rejected(alice: ApiClient) -> None:
    response = alice.get(f"{PATH}?format=doc")
    assert response.status_code == 422
    assert "json-resume" in response.get_json()["errors"]["format"][0]
