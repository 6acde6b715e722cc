"""What can be asked of the market, and what it needs to be there."""

from __future__ import annotations

from typing import Any

from roadmap.market.models import ImportedPay, PayImport
from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = (
    Page(
        "/market",
        "market.read",
        "/market",
        variants=("/market?order=pay", "/market?figures=15-2051-2024-median"),
    ),
)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """Pay of 2022, with a state that is not published and one at the ceiling."""
    states = [
        ImportedPay(state="CA", jobs=31_000, mean=145_600, median=239_200, median_is_ceiling=True),
        ImportedPay(state="OR", jobs=2_400, mean=118_000, median=112_000),
        ImportedPay(state="WY"),
    ]
    write.session.add(
        PayImport(
            soc="15-2051", year=2022, file_name="oesm22st.zip", sha256="0" * 64,
            imported_at=write.now, states=states,
        )
    )  # fmt: skip
    return {}
