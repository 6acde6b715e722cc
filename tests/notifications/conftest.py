"""The scenario fixture."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.notifications.scenario import Scenario
from tests.support.cast import Cast


@pytest.fixture
def scenario(session: Session, cast: Cast) -> Scenario:
    return Scenario(session, cast)
