"""The example column in the contributors' guide works as described."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from sqlalchemy.orm import Session

from roadmap.core.config import ROOT
from roadmap.people import actions as people
from roadmap.people.models import Team
from roadmap.teams import queries
from roadmap.teams.columns import COLUMN_KINDS
from tests.support.browser_client import BrowserOf
from tests.support.cast import Cast

GUIDE = ROOT / "docs" / "contributors.md"
EXPORT = "/teams/ranking/export/csv"


@pytest.mark.usefixtures("snapshot")
def test_column_of_the_guide_appears_on_the_page_and_in_exports(
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.mallory, "member", by=None, now=now)
    session.commit()
    bob = browser_of(cast.bob)
    before = list(csv.DictReader(io.StringIO(bob.get(EXPORT).data.decode("utf-8-sig"))))
    [code] = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    names: dict[str, type] = {"__name__": "example"}
    exec(code, names)  # noqa: S102 - the text of the guide
    kinds = (*COLUMN_KINDS, names["AwaitingReviewColumn"])
    monkeypatch.setattr(queries, "COLUMN_KINDS", kinds)
    # Mallory has no evidence and therefore no figure: last in both orders.
    for order in ("asc", "desc"):
        sheet = bob.get(f"{EXPORT}?sort=awaiting_review&order={order}").data.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(sheet)))
        assert [(row["Name"], row.pop("Awaiting review")) for row in rows] == [
            ("Alice", "1"),
            ("Carol", "1"),
            ("Mallory", ""),
        ]
        assert rows == before
    page = bob.get("/teams/ranking").text
    assert 'aria-label="Alice, Awaiting review: 1">1</a>' in page
    assert "Mallory, Awaiting review" not in page
