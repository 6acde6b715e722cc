"""The credentials content, and the rule for warnings."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from roadmap.catalog.yaml_loader import YamlDocument
from roadmap.core.dates import PartialDate
from roadmap.credentials import queries
from roadmap.credentials.content import CredentialContent
from roadmap.credentials.rules import warning_days

TODAY = dt.date(2026, 11, 29)
FILE = Path(queries.__file__).parent / "content.yaml"


@pytest.fixture
def document():
    return copy.deepcopy(YamlDocument(FILE.read_text("utf-8")).value)


def test_retired_certifications_name_active_successors():
    content = queries.credential_content()
    retired = [each for each in content.certifications if each.state == "retired"]
    assert {each.exam for each in retired} == {"MLS-C01", "AI-102", "DP-100"}
    for each in retired:
        assert each.retired_on < TODAY
        assert [content.by_key[key].state for key in each.successors] == ["active"] * len(
            each.successors
        )
        assert each.successors


def test_content_keeps_the_prices_of_the_guide():
    prices = {
        each.key: each.guide_price.amount
        for each in queries.credential_content().certifications
        if each.guide_price
    }
    assert prices == {
        "aws-ml-specialty": 300,
        "google-professional-ml-engineer": 200,
        "azure-ai-engineer-associate": 165,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda each: each.update(state="retired"), "a retired certification has this date"),
        (lambda each: each.update(successors=["no-such-one"]), "no certification 'no-such-one'"),
        (lambda each: each.update(key="aws-ml-specialty"), "is already used"),
        (lambda each: each.pop("source"), "Field required"),
    ],
    ids=["missing date", "unknown successor", "repeated key", "missing source"],
)
def test_invalid_content_is_rejected(document, change, message):
    change(document["certifications"][0])
    with pytest.raises(ValidationError, match=message):
        CredentialContent.model_validate(document)


@pytest.mark.parametrize(
    ("expires_on", "days"),
    [
        (None, None),
        ("2027-01-29", None),  # 61 days
        ("2027-01-28", 60),
        ("2026-12-14", 60),  # 15 days
        ("2026-12-13", 14),
        ("2026-11-29", 14),  # it counts today
        ("2026-11-28", None),
        ("2026-12", 60),  # through 31 December
        ("2026-11", 14),
        ("2026", 60),
        ("2027", None),
        ("9999", None),
    ],
)
def test_warnings_begin_60_and_14_days_before_expiry(expires_on, days):
    assert warning_days(expires_on and PartialDate(expires_on), TODAY) == days
