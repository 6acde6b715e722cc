"""The house of these tests."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.notify.house import House
from tests.support.cast import Cast


@pytest.fixture
def house(session: Session, cast: Cast) -> House:
    return House(session, cast)
